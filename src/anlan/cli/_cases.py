"""Verification cases: how each module name of a case file is answered by our functions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from math import pi
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from anlan.administration.rules.indicators import fire_force_met, rate_fall
from anlan.cli import _engines
from anlan.command.rules import accident_grade, lateness_min, report_deadlines
from anlan.command.rules.drills import drill_due
from anlan.command.rules.regrading import regrade, report_route
from anlan.command.rules.relief import relief_response
from anlan.gateways.exchange.sealing import SM2, digest
from anlan.hazards.chemical import criteria, dense, gb18218, plume, risk, source
from anlan.hazards.chemical.substances import find
from anlan.hazards.seismic import degree_of, intensities
from anlan.hazards.seismic.attenuation import isoseismal, yu_2013
from anlan.monitoring.rules import signals
from anlan.monitoring.rules.cap import national
from anlan.monitoring.rules.cap.model import Alert, AlertInfo
from anlan.resources.rules import shelter_capacity, valid_code
from anlan.supervision.rules import concealment_reward, late_fee, tipoff_reward

Answer = Callable[[Any], Any]
ANSWERS: dict[str, Answer] = {}


def answers(module: str) -> Callable[[Answer], Answer]:
    def keep(function: Answer) -> Answer:
        ANSWERS[module] = function
        return function

    return keep


def answer(module: str, given: Any) -> Any:
    """Our answer; KeyError for a module that nothing here answers."""
    if module in ANSWERS:
        return ANSWERS[module](given)
    return _engines.load(module).answer(given)


@answers("accident_grade")
def _(given: Any) -> Any:
    return accident_grade(given["deaths"], given["serious"], given["loss_cny"]).grade


@answers("accident_regrade")
def _(given: Any) -> Any:
    base = given["base"]
    figures = base["deaths"], base["serious"], base["loss_cny"]
    return [regrade(*figures, [day], given["kind"]).grade for day in given["late_deaths_day"]]


@answers("report_clock")
def _(given: Any) -> Any:
    told, sent, received, passed_on = (
        datetime.fromisoformat(given[name])
        for name in ("told", "enterprise_sent", "district_received", "district_sent")
    )
    enterprise = report_deadlines("enterprise", told, "一般")[0].due_at
    department = report_deadlines("department", received, "一般")[0].due_at
    return {
        "enterprise_late_min": lateness_min(enterprise, sent),
        "district_late_min": lateness_min(department, passed_on),
    }


@answers("report_route")
def _(given: Any) -> Any:
    return [report_route(grade) for grade in given]


@answers("drill_due")
def _(given: Any) -> Any:
    return drill_due(given["kind"], date.fromisoformat(given["last"])).isoformat()


@answers("weather_signal")
def _(given: Any) -> Any:
    seen = dict(given)
    if "drop" in seen:
        seen |= signals.drop_of(seen["window_h"], seen["drop"])
    found = signals.weather_signals(seen)
    return found[0].title if found else None


@answers("flood_warning")
def _(given: Any) -> Any:
    return signals.flood_warning(given["stage"], given["alert"], given["guarantee"], given["record"]).colour


@answers("fire_danger_ly1172")
def _(given: Any) -> Any:
    found = signals.fire_danger(**given)
    return {name: getattr(found, name) for name in ("A", "B", "C", "D", "E", "HTZ", "level")}


@answers("instrument_intensity")
def _(given: Any) -> Any:
    by_a, by_v, value = intensities(given["pga"], given["pgv"])
    return {"IA": by_a, "IV": by_v, "I": round(value, 1), "degree": degree_of(round(value, 1))}


@answers("intensity_ellipse_west")
def _(given: Any) -> Any:
    major, minor = isoseismal(given["M"], given["degree"])
    return {"a": major, "b": minor, "area_km2": pi * major * minor}


@answers("gmpe_yu2013")
def _(given: Any) -> Any:
    return yu_2013(given["zone"], given["axis"], given["M"], given["R_km"])


@answers("major_hazard")
def _(given: Any) -> Any:
    if "cases" in given:
        return {"cases": [ANSWERS["major_hazard"](case) for case in given["cases"]]}
    if all("q_t" in item for item in given["items"]):
        found = gb18218.major_hazard(given["items"], given["people_500m"])
    else:
        found = gb18218.grade_unit(
            [(item["q"], item["Q"], item["beta"]) for item in given["items"]], given["people_500m"]
        )
    return found if found["is_major"] else {**found, "R": None}


@answers("source_liquid")
def _(given: Any) -> Any:
    hole = given["d_m"]
    rate = source.liquid_rate(hole, given["rho"], given["P_gauge_Pa"], given["h_m"], given["Cd"])
    return {"A_m2": source.hole_area(hole), "Q_kg_s": rate}


@answers("source_gas")
def _(given: Any) -> Any:
    fixed = given["T_K"], given["M"], given["gamma"], given["Cd"], given["P0_Pa"]
    flows = [source.gas_rate(given["d_m"], pressure, *fixed) for pressure in given["P_abs_Pa"]]
    return {
        "critical_ratio": source.critical_ratio(given["gamma"]),
        "regime": [regime for _, regime in flows],
        "Y": [source.gas_factor(given["P0_Pa"] / pressure, given["gamma"]) for pressure in given["P_abs_Pa"]],
        "Q_kg_s": [rate for rate, _ in flows],
    }


@answers("source_pool")
def _(given: Any) -> Any:
    wet, cold = given["methanol"], given["chlorine"]
    share = source.flash_fraction(cold["T_T"], cold["T_b"], cold["Cp"], cold["Hv"])
    boiled = source.heat_evaporation(cold["S_m2"], cold["T0"], cold["T_b"], cold["Hv"], cold["t_s"], cold["surface"])
    off = source.mass_evaporation(wet["p_Pa"], wet["M"], wet["T_K"], wet["u"], wet["r_m"], wet["stability"])
    return {"methanol_Q3_kg_s": off, "chlorine_Fv": share, "chlorine_Q2_kg_s": boiled}


@answers("dispersion_plume")
def _(given: Any) -> Any:
    weather = given["Q_kg_s"], given["H_m"], given["u"], given["stability"], given["terrain"]
    limit = given["endpoint_mg_m3"] * 1e-6
    sy, sz = plume.sigmas(given["x_m"], given["stability"], given["terrain"])
    return {
        "sigma_y": sy,
        "sigma_z": sz,
        "C_axis_mg_m3": plume.concentration(given["x_m"], 0, 0, *weather) * 1e6,
        "halfwidth_m": plume.half_width(given["x_m"], limit, *weather),
        "distance_to_endpoint_m": plume.reach(limit, *weather),
    }


@answers("dispersion_model_choice")
def _(given: Any) -> Any:
    """Appendix G of HJ 169-2018: which number, and is it over its limit. The model named there is SLAB; ours stands in for it."""
    fixed = given["rho_rel"], given["U_r"], given["rho_a"]
    flow, burst = given["continuous"], given["instant"]
    density, wind, air = fixed
    steady = dense.richardson_continuous(flow["Q_kg_s"], density, flow["D_rel_m"], wind, air)
    puff = dense.richardson_instant(burst["Qt_kg"], *fixed)

    def judged(number: float, limit: float) -> dict[str, Any]:
        return {"Ri": number, "dense": number >= limit, "model": "SLAB" if number >= limit else "AFTOX"}

    return {
        "T_s": 2 * given["X_m"] / wind,
        "continuous": judged(steady, dense.CONTINUOUS_LIMIT),
        "instant": judged(puff, dense.INSTANT_LIMIT),
    }


@answers("vulnerability")
def _(given: Any) -> Any:
    found: dict[str, Any] = {}
    for key, name in (("cl2", "氯"), ("nh3", "氨")):
        dose = given[key]
        a, b, n = find(name).probit
        value, share = risk.toxic(a, b, n, dose["C_mg_m3"], dose["t_min"], dose.get("cap_min", risk.TOXIC_CAP_MIN))
        found[key] = {"Pr": value, "P": share}
    heat = given["thermal"]
    value, share = risk.heat(heat["q_kW_m2"], heat["t_s"], heat["cap_s"])
    found["thermal"] = {"Pr": value, "P": share, "societal_outdoor": risk.SOCIETAL_OUTDOOR_HEAT * share}
    return found


@answers("qra")
def _(given: Any) -> Any:
    scenarios = [(row["f"], row["P_branch"], row["P_death"]) for row in given["scenarios"]]
    total = criteria.individual_risk(scenarios, [(row["P"], row["P_dir"]) for row in given["weather"]])
    targets, points = given["targets"], given["fn_points"]
    return {
        "IR": total,
        "limit_new": [criteria.NEW[target] for target in targets],
        "limit_existing": [criteria.EXISTING[target] for target in targets],
        "pass_new": [criteria.acceptable(total, target) for target in targets],
        "pass_existing": [criteria.acceptable(total, target, True) for target in targets],
        "fn_zone": [criteria.societal_zone(n, f) for n, f in points],
        "fn_up": [criteria.UPPER / n for n, _ in points],
        "fn_low": [criteria.LOWER / n for n, _ in points],
    }


@answers("ir_class")
def _(given: Any) -> Any:
    return {target: criteria.acceptable(given["ir"], target) for target in ("一类", "二类", "三类")}


@answers("late_fee")
def _(given: Any) -> Any:
    return [float(late_fee(given["fine"], days)) for days in given["days"]]


@answers("tipoff_reward")
def _(given: Any) -> Any:
    return [float(tipoff_reward(fine)) for fine in given["fines"]]


@answers("tipoff_reward_concealed")
def _(given: Any) -> Any:
    return [float(concealment_reward(grade, deaths)) for grade, deaths in given]


@answers("alert_identifier")
def _(given: Any) -> Any:
    entered = datetime.fromisoformat(given["entry"])
    info = AlertInfo(event=given["eventType"], parameters=[("colour", given["severity"])])
    alert = Alert(sender_code=given["senderCode"], sent=entered, message_type=given["msgType"], infos=[info])
    return {"identifier": national.identifier(given["senderCode"], entered), "file": national.file_name(alert)}


@answers("alert_headline")
def _(given: Any) -> Any:
    return national.headline(given["sender"], given["msgType"], given["type"], given["severity"])


@answers("material_code")
def _(given: Any) -> Any:
    return [valid_code(code) for code in given]


@answers("shelter_capacity")
def _(given: Any) -> Any:
    return [shelter_capacity(given["area_m2"], norm) for norm in given["norm"]]


@answers("indicator_fire_force")
def _(given: Any) -> Any:
    return [fire_force_met(staff, given["population"]) for staff in given["staff"]]


@answers("indicator_rate_fall")
def _(given: Any) -> Any:
    found = rate_fall((given["d2020"], given["gdp2020"]), (given["d2025"], given["gdp2025"]))
    return None if found is None else {"fall": found.fall, "met": found.met}


@answers("relief_response_national")
def _(given: Any) -> Any:
    found = [relief_response(figures) for figures in given]
    return [one and one.level for one in found]


@answers("crypto")
def _(given: Any) -> Any:
    """The algorithms the exchange seals and enciphers with (GB/T 32905, GB/T 32907), one block for the cipher."""
    block = bytes.fromhex(given["sm4_key_plain"])
    cipher = Cipher(algorithms.SM4(block), modes.ECB()).encryptor()  # noqa: S305 - the published known answer is one block
    return {"sm3": digest(SM2, given["sm3"].encode()).hex(), "sm4": cipher.update(block).hex()}
