"""The straightforward consumer most people write: aiomqtt -> JSON -> threshold -> asyncpg. Runs in a place of its own
(bench/peers/mqtt.sh). Arguments: broker host, port, user, password, database DSN, id of the first datastream."""

import asyncio
import sys
from datetime import datetime

import aiomqtt
import asyncpg
import orjson

BATCH, WAIT_S = 1000, 0.2
CREATE = """
create table if not exists peer_observation
(stream integer, at timestamptz, value double precision, primary key (stream, at));
create table if not exists peer_latest (stream integer primary key, at timestamptz, value double precision);
create table if not exists peer_alarm (stream integer, at timestamptz, value double precision)
"""
INSERT = "insert into peer_observation select * from unnest($1::int[], $2::timestamptz[], $3::float8[]) on conflict do nothing"
LATEST = """
insert into peer_latest select distinct on (s) s, a, v from unnest($1::int[], $2::timestamptz[], $3::float8[]) t (s, a, v)
order by s, a desc on conflict (stream) do update set at = excluded.at, value = excluded.value
where peer_latest.at <= excluded.at
"""


async def write(pool: asyncpg.Pool, rows: list[tuple[int, datetime, float]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)]
    alarms = [row for row in rows if row[2] >= 100]
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(INSERT, *columns)
        await connection.execute(LATEST, *columns)
        if alarms:
            await connection.copy_records_to_table("peer_alarm", records=alarms)


async def main() -> None:
    host, port, user, password, dsn, first = sys.argv[1:7]
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=2)
    await pool.execute(CREATE)
    rows: list[tuple[int, datetime, float]] = []

    async def flush() -> None:
        nonlocal rows
        taken, rows = rows, []
        if taken:
            await write(pool, taken)

    async def flush_for_ever() -> None:
        while True:
            await asyncio.sleep(WAIT_S)
            await flush()

    client = aiomqtt.Client(host, int(port), username=user, password=password, identifier="peer")
    async with client:
        await client.subscribe("v1/+/telemetry", qos=1)
        print("ready", flush=True)
        flushing = asyncio.create_task(flush_for_ever())
        async for message in client.messages:
            station = int(message.topic.value.split("/")[1][1:])
            body = orjson.loads(message.payload)
            at = datetime.fromisoformat(body["at"])
            for number, value in enumerate(body["values"].values()):
                rows.append((int(first) + 4 * station + number, at, value))
            if len(rows) >= BATCH:
                await flush()
        flushing.cancel()


asyncio.run(main())
