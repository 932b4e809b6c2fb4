"""Modbus-TCP application data units, both directions: reading coils, inputs and registers (function 01-04), writing
one (05, 06), exceptions. MODBUS Messaging on TCP/IP V1.0b 3.1; Application Protocol V1.1b3 6. Big-endian. Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from anlan.gateways.devices.contract import Chunk, Decoded, FrameError

HEAD = struct.Struct(">HHHB")
#: A unit is at most 253 bytes behind the unit identifier.
MAX_LENGTH = 254
TABLES = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
NAMES = {1: "读线圈", 2: "读离散输入", 3: "读保持寄存器", 4: "读输入寄存器", 5: "写单个线圈", 6: "写单个寄存器"}
EXCEPTIONS = {
    1: "非法功能", 2: "非法数据地址", 3: "非法数据值", 4: "从站设备故障", 5: "确认（处理中）", 6: "从站忙",
    8: "存储奇偶差错", 10: "网关路径不可用", 11: "网关目标设备无响应",
}  # fmt: skip
#: How many at once: 6.1 and 6.3.
MOST_BITS, MOST_REGISTERS = 2000, 125


@dataclass(frozen=True)
class Frame:
    """One unit. payload: what follows the function code."""

    transaction: int
    unit: int
    function: int
    payload: bytes

    @property
    def exception(self) -> str:
        if not self.function & 0x80:
            return ""
        code = self.payload[0] if self.payload else 0
        return f"功能 {self.function & 0x7F} 异常 {code}：{EXCEPTIONS.get(code, '未知')}"


def read(data: bytes) -> Frame:
    """One unit. Raises FrameError."""
    if len(data) < 8:
        raise FrameError(f"MBAP 头与功能码应有 8 字节，实为 {len(data)} 字节")
    transaction, protocol, length, unit = HEAD.unpack_from(data)
    if protocol:
        raise FrameError(f"协议标识 {protocol} 不是 0（Modbus）")
    if not 2 <= length <= MAX_LENGTH or len(data) != 6 + length:
        raise FrameError(f"长度字段 {length} 与实际 {len(data) - 6} 字节不符（允许 2～{MAX_LENGTH}）")
    return Frame(transaction, unit, data[7], data[8:])


def encode(frame: Frame) -> bytes:
    return HEAD.pack(frame.transaction, 0, 2 + len(frame.payload), frame.unit) + bytes([frame.function]) + frame.payload


def request(transaction: int, unit: int, table: str, start: int, count: int) -> bytes:
    """Ask for `count` bits or registers from `start` (counted from 0)."""
    most = MOST_BITS if table in ("coil", "discrete") else MOST_REGISTERS
    if table not in TABLES or not 1 <= count <= most or not 0 <= start <= 65_536 - count:
        raise FrameError(f"{table} {start} 起 {count} 个：表应为 {'/'.join(TABLES)}，个数 1～{most}，地址 0～65535")
    return encode(Frame(transaction, unit, TABLES[table], struct.pack(">HH", start, count)))


def response(transaction: int, unit: int, table: str, data: bytes) -> bytes:
    """The slave's answer, for simulators."""
    return encode(Frame(transaction, unit, TABLES[table], bytes([len(data)]) + data))


def data_of(frame: Frame, table: str, count: int) -> bytes:
    """The data bytes of an answer to `request`. Raises FrameError for exceptions and wrong sizes."""
    if frame.exception:
        raise FrameError(frame.exception)
    want = (count + 7) // 8 if table in ("coil", "discrete") else 2 * count
    if frame.function != TABLES[table] or frame.payload[:1] != bytes([want]) or len(frame.payload) != 1 + want:
        raise FrameError(
            f"应答功能 {frame.function}、{len(frame.payload)} 字节，应为功能 {TABLES[table]}、{1 + want} 字节"
        )
    return frame.payload[1:]


def decode(data: bytes) -> Decoded:
    """One unit; whether it is a question or an answer shows by its length."""
    frame = read(data)
    told: dict[str, Any] = {
        "transaction": frame.transaction, "unit": frame.unit, "function": frame.function,
        "function_name": NAMES.get(frame.function & 0x7F, "其他"), "payload": frame.payload.hex().upper(),
    }  # fmt: skip
    body = frame.payload
    if frame.exception:
        told["exception"] = frame.exception
    elif frame.function in (1, 2, 3, 4) and len(body) == 4 and body[0] != 3:
        told["start"], told["count"] = struct.unpack(">HH", body)
    elif frame.function in (3, 4) and body and len(body) == 1 + body[0] and body[0] % 2 == 0:
        told["registers"] = list(struct.unpack(f">{body[0] // 2}H", body[1:]))
    elif frame.function in (1, 2) and body and len(body) == 1 + body[0]:
        told["bits"] = [byte >> bit & 1 for byte in body[1:] for bit in range(8)]
    elif frame.function in (5, 6) and len(body) == 4:
        told["address"], told["value"] = struct.unpack(">HH", body)
    return Decoded(True, None, True, True, told, key=f"modbus:{frame.unit}:{frame.transaction}")


class ModbusFramer:
    """Cuts a stream of units; a wrong head means that the stream is lost up to the next plausible one."""

    def __init__(self) -> None:
        self.buffer = bytearray()

    def feed(self, data: bytes) -> list[Chunk]:
        self.buffer += data
        chunks: list[Chunk] = []
        at = garbage = 0
        while len(self.buffer) - at >= HEAD.size:
            _, protocol, length, _ = HEAD.unpack_from(self.buffer, at)
            if protocol or not 2 <= length <= MAX_LENGTH:
                at += 1
                continue
            if len(self.buffer) - at < 6 + length:
                break
            if at > garbage:
                chunks.append(Chunk(bytes(self.buffer[garbage:at]), "不属于任何帧的字节"))
            chunks.append(Chunk(bytes(self.buffer[at : at + 6 + length])))
            at = garbage = at + 6 + length
        if at > garbage:
            chunks.append(Chunk(bytes(self.buffer[garbage:at]), "不属于任何帧的字节"))
        del self.buffer[:at]
        return chunks
