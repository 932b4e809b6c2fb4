"""网页推送: warnings to browsers that subscribed on the public page (RFC 8030, 8291, 8292).

ANLAN_PUSH_HOSTS     push services that browsers may name, separated by commas; unset = channel not set up. (Browsers choose
                     the service: `fcm.googleapis.com`, `updates.push.services.mozilla.com`, `web.push.apple.com`,
                     `*.notify.windows.com`. Which of them this network reaches must be tried: 待核对.)
ANLAN_PUSH_SUBJECT   mailto: or https: of who answers for the messages
"""

from __future__ import annotations

from anlan.gateways.alerts.contract import Audience, Channel
from anlan.gateways.alerts.web_push.sender import send_many
from anlan.mobilisation import queries

CHANNEL = Channel(
    name="web_push", title="网页推送", grade="bronze", audience=Audience.PERSON, rank=30,
    ready=lambda: bool(queries.push_hosts()),
    repeatable=lambda: True,  # the same tag replaces the first copy in the browser
    reaches=lambda address: address.startswith("push:"),
    send=lambda message: send_many([message])[0], send_many=send_many, subscribers="push",
)  # fmt: skip
