"""What the speed, the course and the direction of a release do to its cloud."""

from __future__ import annotations

from math import gamma
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, shape

from anlan.hazards.chemical import HAZARD, cloud, fire, heavy_puff, moments, momentum, plume, source, substances, vessel
from anlan.hazards.chemical.mixing import Material, mixture
from anlan.hazards.chemical.surface import surface
from anlan.hazards.contract import InputError
from anlan.hazards.plane import metres_per_degree

CHLORINE = {"substance": "chlorine", "phase": "liquid", "hole_mm": 50, "inventory_t": 50, "wind_from_deg": 270}


def summary(**more: Any) -> dict[str, Any]:
    return HAZARD.run(106.7, 39.4, {**CHLORINE, **more}).summary


def test_a_light_jet_rises_and_a_dense_one_is_held_down() -> None:
    air = cloud.Air(3.0, "D")
    light, dense = momentum.Momentum(1.0, 400.0, 0.7), momentum.Momentum(1.0, 400.0, 4.5)
    assert momentum.rise(light, air) == pytest.approx(3 * light.diameter * 400 / 3), "Briggs: 3 d v / u"
    assert momentum.held_down(light, air) is None
    assert 0 < momentum.rise(dense, air) < momentum.by_momentum(dense, air)
    assert momentum.rise(light, cloud.Air(6.0, "D")) == pytest.approx(momentum.rise(light, air) / 2)
    assert momentum.rise(light, cloud.Air(3.0, "F")) < momentum.rise(light, air), "stable air"


def test_where_a_jet_points_decides_how_far_it_is_dangerous() -> None:
    gas = {"phase": "gas", "substance": "氨", "pressure_mpa": 0.8, "inventory_t": 0}
    up, ahead, blocked = (summary(**gas, jet=jet) for jet in ("vertical", "horizontal", "blocked"))
    assert up["height_m"] > 20
    assert up["distance_m"]["毒性终点浓度-2"] < blocked["distance_m"]["毒性终点浓度-2"]
    assert ahead["model"] == blocked["model"]
    heavy = HAZARD.run(106.7, 39.4, {**CHLORINE, "jet": "vertical"})
    assert any("落回地面" in line for line in heavy.assumptions)
    assert heavy.summary["height_m"] < cloud.LOW_M


def test_a_vessel_of_gas_empties_and_its_mass_is_kept() -> None:
    found = summary(phase="gas", substance="一氧化碳", pressure_mpa=5, inventory_t=5, duration_min=60, temperature_c=20)
    course = moments.Course(*np.array(found["course"]).T)
    assert found["released_kg"] == pytest.approx(course.kg, rel=0.02)
    assert found["released_kg"] < 5000, "down to ambient pressure, not to nothing"
    assert found["rate_kg_s"] == pytest.approx(course.mean(600), rel=0.02)
    assert course.rate[0] > 2 * found["rate_kg_s"] > 0
    first = vessel.blow_down(50.0, 5e6, 293.15, 0.028, 1.4, 0.05)
    assert moments.Course(first.seconds, first.rate).kg == pytest.approx(first.released_kg, rel=0.01)


def test_the_cloud_comes_follows_and_goes() -> None:
    frames = summary(duration_min=5)["frames"]
    minutes = [frame["minute"] for frame in frames]
    reach = [shape(frame["geometry"]).bounds[2] for frame in frames]
    near = [shape(frame["geometry"]).bounds[0] for frame in frames]
    assert minutes == sorted(minutes)
    assert reach[:4] == sorted(reach[:4]), "it goes with the wind"
    assert near[minutes.index(10)] > 106.7 > near[0] - 1e-3, "after five minutes nothing comes any more"


@settings(max_examples=20, deadline=None)
@given(st.floats(0.02, 20), st.sampled_from("BDF"), st.floats(1, 12))
def test_a_frame_is_symmetric_and_lies_within_what_the_wind_has_carried(
    rate: float, stability: str, wind: float
) -> None:
    of = substances.find("chlorine")
    air = cloud.Air(wind, stability)
    source = cloud.Source(of, rate, 293.15)
    batch = cloud.Batch(cloud.GAUSSIAN, moments.members(source, rate), (air,) * len(moments.LEVELS))
    edges, passage = batch.edges([20e-6])[0], batch.passage()
    for minute, ring in moments.rings(moments.steady(rate, 600), edges, passage):
        assert max(x for x, _ in ring) <= passage.metres(minute * 60) * (1 + 1e-9)
        assert sorted(y for _, y in ring) == pytest.approx(sorted(-y for _, y in ring))


def test_a_plume_comes_with_the_wind_at_its_own_height_slowly_first_and_then_faster_than_at_ten_metres() -> None:
    """Class D, 4 m/s at 10 m: 2 m above ground it blows with 4 (2/10)^0.15 = 3.14 m/s, which is all there is of a plume 20 m away; 20 km
    away its mean height is some hundred metres."""
    of = substances.find("chlorine")
    batch = cloud.Batch(cloud.GAUSSIAN, (cloud.Source(of, 1.0, 293.15),), (cloud.Air(4.0, "D"),))
    passage = batch.passage()
    assert passage.metres(10.0) == pytest.approx(31.4, rel=1e-2)
    far = np.array([20_000.0, 20_100.0])
    assert 100.0 / np.diff(passage.seconds(far))[0] == pytest.approx(
        4 * (0.6 * 0.798 * 0.06 * 20_000 / 31**0.5 / 10) ** 0.15, rel=0.02
    )
    assert passage.metres(float(passage.seconds(np.array([5000.0]))[0])) == pytest.approx(5000.0)


@pytest.mark.parametrize(("stability", "wind"), [("D", 5.0), ("F", 2.0)])
def test_what_is_in_the_air_is_what_has_come_out_when_a_dense_layer_travels_with_its_own_speed(
    stability: str, wind: float
) -> None:
    """Kilograms between the source's end and the front, from concentrations alone."""
    batch = cloud.Batch(
        cloud.DENSE, (cloud.Source(substances.find("chlorine"), 50.0, 239.0),), (cloud.Air(wind, stability),)
    )
    plume, passage = batch.solved, batch.passage()
    width = 2 * (plume.plateau[0] + np.sqrt(np.pi) / 2 * plume.edge[0])
    kg_m = plume.axis[0] * width * gamma(1 / (1 + plume.power[0])) / (1 + plume.power[0]) * plume.sz[0]
    start, slower = float(plume.x[0, 0]), {}
    for front in (300.0, 1000.0, 3000.0):
        x = np.linspace(start, front, 20_000)
        in_air = float(np.trapezoid(np.interp(x, plume.x[0], kg_m), x))
        seconds = float(passage.seconds(np.array([front]))[0] - passage.seconds(np.array([start]))[0])
        assert in_air == pytest.approx(50.0 * seconds, rel=0.02)
        slower[front] = in_air / (50.0 * (front - start) / wind)
    assert slower[300.0] > 1.5, "the wind at 10 m would have brought it there with so much less in the air"
    assert slower[300.0] > slower[1000.0] > slower[3000.0] > 1


def test_people_are_told_of_the_foremost_of_a_cloud_and_never_later_than_the_wind_at_ten_metres() -> None:
    of = substances.find("chlorine")
    for model in (cloud.GAUSSIAN, cloud.DENSE):
        batch = cloud.Batch(model, (cloud.Source(of, 5.0, 239.0),), (cloud.Air(3.0, "E"),))
        x = np.array([100.0, 500.0, 2000.0, 8000.0])
        first, front = batch.passage().seconds(x), batch.arrival(x)
        assert np.all(front < first)
        assert np.all(np.diff(front) > 0)
        assert np.all(front <= x / 3.0 + 1e-9)
        late = batch.passage().seconds(x - 2 * 0.17 * x**0.97)
        assert front == pytest.approx(np.minimum(late, x / 3.0))
    burst = heavy_puff.slump(10_000.0, cloud.Source(of, 1.0, 239.0).mixture(293.15), surface(3.0, "D"))
    assert burst.arrival(0.0) == 0.0
    assert 200.0 < burst.arrival(2000.0) < 2000.0


def test_a_known_strength_takes_the_place_of_the_calculated_one() -> None:
    found = HAZARD.run(106.7, 39.4, {**CHLORINE, "rate_kg_s": 2.0})
    assert found.summary["rate_kg_s"] == 2.0
    assert any("已知值 2 kg/s" in line for line in found.assumptions)
    with pytest.raises(InputError, match="10000"):
        HAZARD.run(106.7, 39.4, {**CHLORINE, "rate_kg_s": float("nan")})


def test_an_unknown_substance_is_answered_with_near_names() -> None:
    with pytest.raises(InputError, match=r"相近的有 .*chlorine"):
        summary(substance="chlorin")
    assert summary(substance="7782-50-5")["substance"] == "氯"


def test_a_leaning_flame_heats_what_lies_in_front_of_it() -> None:
    for distance, height in ((8.0, 6.0), (20.0, 12.0), (40.0, 20.0)):
        upright = fire.cylinder_view(distance, 5.0, height)
        assert fire.tilted_view(distance, 5.0, height, 0.0) == pytest.approx(upright, rel=0.02), "Mudan's closed form"
        ahead, behind = (fire.tilted_view(distance, 5.0, height, tilt) for tilt in (40.0, -40.0))
        assert ahead > upright > behind


@settings(max_examples=25, deadline=None)
@given(st.floats(50, 1e5), st.sampled_from("BDF"), st.floats(1, 8), st.floats(1.2, 50))
def test_a_slumped_cloud_is_handed_over_without_a_jump(mass: float, stability: str, wind: float, over: float) -> None:
    assume(stability == "D" or wind <= 5)  # GB/T 3840-91 has no B and no F in stronger wind
    mix = mixture(Material(0.07091, 487, 239.15, 0.5, 288e3, 239.15, 1563), 293.15)
    found = heavy_puff.slump(mass, mix, surface(wind, stability))
    last = int((found.edge == 0).sum()) - 1
    radii = found.radii(float(found.peak[last]) / over)
    assert radii[last + 1] == pytest.approx(radii[last], rel=0.15)
    assert found.peak[last + 1] == pytest.approx(found.peak[last], rel=0.05)
    assert found.speed[last + 1] == pytest.approx(found.speed[last], rel=0.02)
    assert all(np.diff(found.peak) < 0)


def test_a_pool_goes_on_evaporating_after_the_hole_is_shut_and_gives_no_more_than_ran_out() -> None:
    found = summary(substance="ammonia", phase="liquid", hole_mm=10, pressure_mpa=0.11, temperature_c=-33.4, head_m=5,
                    duration_min=5)  # fmt: skip
    seconds, rate = np.array(found["course"]).T
    assert found["duration_s"] > 300
    assert rate[seconds > 310].max() < rate[seconds <= 310].max()
    assert (
        0
        < found["released_kg"]
        <= source.liquid_rate(0.01, substances.find("ammonia").liquid_density, 8675, 5) * 300 * 1.01
    )


def test_a_release_at_the_ground_is_thinned_by_the_wind_at_two_metres() -> None:
    assert plume.carrying(0, 10, "D") == pytest.approx(10 * 0.2**0.15)
    assert plume.carrying(10, 10, "D", "gb3840") == 10
    assert plume.carrying(40, 10, "F", "urban") > 10


@pytest.mark.parametrize("stability", ["B", "D", "F"])
def test_a_wandering_wind_turns_the_ring_and_ends_it_in_an_arc(stability: str) -> None:
    """The zone is what the steady ring passes over: nothing of it, turned by as much, is outside, and nothing is farther away."""
    found = HAZARD.run(106.7, 39.4, {**CHLORINE, "stability": stability, "uncertainty": "on"})
    east, north = metres_per_degree(39.4)
    whole = Polygon([((x - 106.7) * east, (y - 39.4) * north) for x, y in found.zones[1].geometry["coordinates"][0]])
    far = found.summary["distance_m"]["毒性终点浓度-2"]
    assert whole.is_valid
    ends = [(0.97 * far * np.cos(t), 0.97 * far * np.sin(t)) for t in np.radians([-9.5, -5, 0, 5, 9.5])]
    assert all(whole.covers(Point(x, y)) for x, y in ends), "the wind blows to the east, and 9.5 degrees to each side"
    assert max(np.hypot(x, y) for x, y in whole.exterior.coords) <= far * 1.01
    outer = shape(found.zones[2].geometry)
    assert outer.buffer(1e-5).covers(shape(found.zones[1].geometry))
