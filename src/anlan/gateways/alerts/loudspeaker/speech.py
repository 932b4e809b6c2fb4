"""TTS, made on this machine without any network: the words of a warning as sound, for loudspeakers without speech of their own.

By eSpeak NG (GPL-3.0; not part of the platform: `pip install anlan[speech]` brings the library and its Mandarin voice, package
`espeakng-loader`). A formant voice: understandable, not pretty. Without the package there is no sound and the page says so.
"""

from __future__ import annotations

import ctypes
import io
import threading
import wave
from functools import cache
from importlib.util import find_spec

VOICE, WORDS_A_MINUTE = "cmn", 150
SYNCHRONOUS, UTF8, RATE = 2, 1, 1
#: At most as much text as is read in about three minutes.
LONGEST = 800
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
ONE_AT_A_TIME = threading.Lock()


def ready() -> bool:
    return find_spec("espeakng_loader") is not None


@cache
def library() -> tuple[ctypes.CDLL, int]:
    """(the library, started; samples a second). Raises OSError when it cannot be started."""
    import espeakng_loader  # noqa: PLC0415 - an extra that need not be there

    found = ctypes.CDLL(str(espeakng_loader.get_library_path()))
    rate = int(found.espeak_Initialize(SYNCHRONOUS, 0, str(espeakng_loader.get_data_path()).encode(), 0))
    if rate <= 0 or found.espeak_SetVoiceByName(VOICE.encode()) != 0:
        raise OSError(f"eSpeak NG 没有“{VOICE}”语音")
    found.espeak_SetParameter(RATE, WORDS_A_MINUTE, 0)
    return found, rate


def spoken(text: str) -> bytes:
    """The text as a WAV file (mono, 16 bits); b"" where no speech is installed."""
    if not ready():
        return b""
    pieces: list[bytes] = []

    def take(samples: ctypes._Pointer[ctypes.c_short], count: int, events: int | None) -> int:
        del events
        if count > 0 and samples:
            pieces.append(ctypes.string_at(samples, count * 2))
        return 0

    words = text[:LONGEST].encode()
    with ONE_AT_A_TIME:
        speech, rate = library()
        held = CALLBACK(take)
        speech.espeak_SetSynthCallback(held)
        speech.espeak_Synth(words, ctypes.c_size_t(len(words) + 1), 0, 1, 0, UTF8, None, None)
        speech.espeak_Synchronize()
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(pieces))
    return out.getvalue()
