"""Simulated devices on real lines: TCP, UDP, MQTT, a Modbus slave, an OPC UA server. For trials and acceptance."""

from __future__ import annotations

import asyncio
import math
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from anlan.gateways.devices.contract import Device, DeviceProtocol, FrameError
from anlan.gateways.devices.mqtt.client import Message, MqttClient
from anlan.kernel import clock

READ_BYTES = 64 * 1024
#: Between looks at what a device has to send again.
LOOK_S = 1.0
Say = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True)
class Plan:
    """What to simulate. values: element code -> mean; noise: part of the mean by which each reading differs."""

    protocol: DeviceProtocol
    addresses: list[str]
    host: str
    port: int
    values: Mapping[str, float]
    every_s: float = 5.0
    count: int = 0
    noise: float = 0.0
    user: str = "device"
    password: str = ""
    seen: Counter[str] = field(default_factory=Counter)

    def readings(self) -> dict[str, float]:
        return {code: mean * (1 + self.noise * random.uniform(-1, 1)) for code, mean in self.values.items()}  # noqa: S311

    def rounds(self) -> float:
        return self.count or math.inf


async def run(plan: Plan) -> Counter[str]:
    """All devices at once until every one has sent `count` reports; how many frames went and came."""
    if plan.protocol.device is None:
        if plan.protocol.name == "opcua":
            await serve_opcua(plan)
            return plan.seen
        raise FrameError(f"协议 {plan.protocol.name} 没有模拟设备")
    make = plan.protocol.device
    if plan.protocol.transport == "poll":
        await serve(plan, make(plan.addresses[0]))
    else:
        async with asyncio.TaskGroup() as group:
            for address in plan.addresses:
                group.create_task(live(plan, make(address)))
    return plan.seen


async def live(plan: Plan, device: Device) -> None:
    """One device on its line."""
    connect = {"tcp": tcp, "udp": udp, "mqtt": mqtt}[plan.protocol.transport]
    async with connect(plan, device) as say:
        for frame in device.hello(clock.now()):
            await say(frame)
        done = 0
        while done < plan.rounds():
            for frame in device.report(plan.readings(), clock.now()):
                await say(frame)
            done += 1
            await patience(plan, device, say)


async def patience(plan: Plan, device: Device, say: Say) -> None:
    """Until the next report, with what is owed in between."""
    left = plan.every_s
    while left > 0:
        await asyncio.sleep(min(left, LOOK_S))
        left -= LOOK_S
        for frame in device.due(clock.now()):
            await say(frame)


@asynccontextmanager
async def tcp(plan: Plan, device: Device) -> AsyncIterator[Say]:
    reader, writer = await asyncio.open_connection(plan.host, plan.port)

    async def say(frame: bytes) -> None:
        plan.seen["sent"] += 1
        writer.write(frame)
        await writer.drain()

    async def listen() -> None:
        while data := await reader.read(READ_BYTES):
            plan.seen["received"] += 1
            for frame in device.receive(data, clock.now()):
                await say(frame)

    listening = asyncio.create_task(listen())
    try:
        yield say
    finally:
        listening.cancel()
        writer.close()


@asynccontextmanager
async def udp(plan: Plan, device: Device) -> AsyncIterator[Say]:
    class Ear(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: Any) -> None:
            del addr
            plan.seen["received"] += 1
            for frame in device.receive(data, clock.now()):
                send(frame)

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Ear, remote_addr=(plan.host, plan.port))

    def send(frame: bytes) -> None:
        plan.seen["sent"] += 1
        transport.sendto(frame)

    async def say(frame: bytes) -> None:
        send(frame)

    try:
        yield say
    finally:
        transport.close()


@asynccontextmanager
async def mqtt(plan: Plan, device: Device) -> AsyncIterator[Say]:
    """QoS 1; commands to Sparkplug nodes are heard."""
    client = MqttClient(f"simulated-{id(device)}", plan.user, plan.password, clean=True)
    await client.connect(plan.host, plan.port)

    async def say(frame: bytes) -> None:
        topic, _, payload = frame.partition(b" ")
        plan.seen["sent"] += 1
        await client.publish(topic.decode(), payload)
        plan.seen["received"] += 1

    async def heard(message: Message) -> None:
        client.acknowledge(message)
        for frame in device.receive(message.topic.encode() + b" " + message.payload, clock.now()):
            topic, _, payload = frame.partition(b" ")
            client.tell(topic.decode(), payload)

    reading = asyncio.create_task(client.run(heard))
    try:
        if plan.protocol.name == "sparkplug":
            await client.subscribe("spBv1.0/+/NCMD/+")
        yield say
    finally:
        await client.close()
        reading.cancel()


async def serve(plan: Plan, device: Device) -> None:
    """A device that is asked: it listens, and its values change."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(READ_BYTES):
            plan.seen["received"] += 1
            for frame in device.receive(data, clock.now()):
                plan.seen["sent"] += 1
                writer.write(frame)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(converse, plan.host, plan.port):
        done = 0
        while done < plan.rounds():
            device.report(plan.readings(), clock.now())
            done += 1
            await asyncio.sleep(plan.every_s)


async def serve_opcua(plan: Plan) -> None:
    """An OPC UA server without security, with a variable a code: `ns=2;s=<address>.<code>`."""
    try:
        from asyncua import ua  # noqa: PLC0415 - an optional extra
        from asyncua.server.server import Server  # noqa: PLC0415 - likewise
    except ImportError as error:
        raise FrameError("OPC UA 需要可选组件：uv sync --extra opcua") from error
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://{plan.host}:{plan.port}/anlan")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    space = await server.register_namespace("urn:anlan:simulated")
    known = {
        code: await server.nodes.objects.add_variable(
            ua.NodeId(ua.String(f"{address}.{code}"), ua.Int16(space)), f"{address}.{code}", mean
        )
        for address in plan.addresses
        for code, mean in plan.values.items()
    }
    async with server:
        done = 0
        while done < plan.rounds():
            for code, value in plan.readings().items():
                await known[code].write_value(value)
            done += 1
            await asyncio.sleep(plan.every_s)
