"""The shallow-water solvers: exact where the answer is known, conservative and finite where it is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anlan.hazards.contract import InputError
from anlan.hazards.flood.simulate import SOLVERS, simulate
from anlan.hazards.flood.terrain import Culvert, Forcing, Inflow, Series, Side, Terrain, Wall
from anlan.hazards.flood.tests import cases

FLAT = np.zeros((12, 20))


@pytest.mark.parametrize("ahead", [0.0, 1.0])
def test_a_dam_break_follows_the_exact_solution(ahead: float) -> None:
    assert cases.dam_break_error(ahead) <= 0.002
    assert cases.dam_break_error(ahead, 1.0) < cases.dam_break_error(ahead) / 1.8


def test_local_inertia_alone_is_wrong_for_a_dam_break() -> None:
    assert cases.dam_break_error(1.0, solver="inertial") > 0.05


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_lake_round_islands_stays_at_rest(solver: str) -> None:
    terrain, forcing = cases.bumpy_lake()
    found = simulate(terrain, forcing, 0.1, solver)
    assert np.abs(found.depth_m - forcing.depth_m).max() < 1e-12
    assert np.hypot(found.qx_m2_s, found.qy_m2_s).max() < 1e-11


def test_water_spreads_on_a_plain_as_the_peers_say() -> None:
    flood = cases.ea4()
    for x, expected in ((52.5, 0.3095), (102.5, 0.2479), (202.5, 0.1772), (302.5, 0.1204)):
        assert cases.ea4_depth(x, flood) == pytest.approx(expected, abs=0.002)
    assert np.count_nonzero(flood.depth_m > 0.01) == pytest.approx(10840, rel=0.01)
    assert flood.mass_error < 1e-9


def test_the_plain_answers_alike_on_both_sides_of_its_axis() -> None:
    depth = cases.ea4().depth_m
    assert np.abs(depth - depth[::-1]).max() < 1e-9


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000), solver=st.sampled_from(SOLVERS), flow=st.floats(0, 60), rain=st.floats(0, 200),
    drain=st.floats(0, 50), edges=st.tuples(*[st.sampled_from(("wall", "open", "fall"))] * 4),
)  # fmt: skip
def test_no_water_appears_or_vanishes(
    seed: int, solver: str, flow: float, rain: float, drain: float, edges: tuple[str, ...]
) -> None:
    random = np.random.default_rng(seed)
    ground = random.random((12, 20)) * 4
    sides = tuple(Side(kind) for kind in edges)
    terrain = Terrain(
        ground, 10.0, 0.03, (Wall(((50.0, 0.0), (120.0, 110.0)), 3.0),), (Culvert((2, 2), (15, 8), 0.5, 0.5),),
        (sides[0], sides[1], sides[2], sides[3]), drain,
    )  # fmt: skip
    forcing = Forcing(
        (Inflow(((9, 6), (10, 6)), Series((0.0, 300.0), (0.0, flow))),),
        Series.constant(rain), None, np.maximum(0, 1.5 - ground),
    )  # fmt: skip
    found = simulate(terrain, forcing, 0.2, solver)
    assert found.mass_error < 1e-9
    assert np.isfinite(found.max_depth_m).all()
    assert (found.depth_m >= 0).all()
    assert (found.max_depth_m >= found.depth_m - 1e-12).all()


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_wall_holds_water_below_its_crest_and_lets_pass_what_stands_above(solver: str) -> None:
    first = np.zeros((12, 20))
    first[:, :8] = 1.0
    wall = ((80.0, -10.0), (80.0, 130.0))
    held = simulate(Terrain(FLAT, 10.0, 0.03, (Wall(wall, 1.5),)), Forcing(depth_m=first), 0.2, solver)
    assert np.isinf(held.arrival_min[:, 8:]).all()
    over = simulate(Terrain(FLAT, 10.0, 0.03, (Wall(wall, 0.4),)), Forcing(depth_m=first), 1.0, solver)
    assert over.depth_m[:, 8:].min() > 0.01
    assert over.depth_m[:, 0].min() == pytest.approx(0.4, abs=0.06)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_culvert_lets_a_walled_pond_run_out(solver: str) -> None:
    first = np.zeros((12, 20))
    first[:, :8] = 1.0
    wall = (Wall(((80.0, -10.0), (80.0, 130.0)), 5.0),)
    pipe = (Culvert((7, 5), (8, 5), 0.8, 0.0),)
    found = simulate(Terrain(FLAT, 10.0, 0.03, wall, pipe), Forcing(depth_m=first), 3.0, solver)
    # both sides end level but for the swell that friction has left: 8 of 20 columns of water, 1 m deep
    assert found.depth_m[:, :8].mean() == pytest.approx(0.4, abs=0.01)
    assert found.depth_m[:, 8:].mean() == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_stage_at_the_edge_fills_the_ground_up_to_it(solver: str) -> None:
    sides = (Side("stage", Series((0.0, 600.0), (0.0, 1.2))), Side(), Side(), Side())
    found = simulate(Terrain(FLAT, 10.0, 0.03, sides=sides), Forcing(), 2.0, solver)
    assert found.depth_m == pytest.approx(np.full((12, 20), 1.2), abs=0.01)
    assert found.mass_error < 1e-9
    assert (np.diff(found.arrival_min[6]) >= 0).all()


def test_steady_flow_down_a_slope_takes_the_normal_depth_of_manning() -> None:
    slope, n, q = 0.002, 0.03, 1.5
    ground = np.tile(-np.arange(60) * 10.0 * slope, (4, 1))
    sides = (Side(), Side("open"), Side(), Side())
    feed = Inflow(tuple((0, y) for y in range(4)), Series.constant(q * 40))
    normal = (q * n / slope**0.5) ** 0.6
    for solver in SOLVERS:
        found = simulate(Terrain(ground, 10.0, n, sides=sides), Forcing((feed,)), 1.0, solver)
        assert found.depth_m[1, 10:25] == pytest.approx(np.full(15, normal), rel=0.02)
        assert found.went_m3 > 0


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_pond_stays_behind_an_open_side_and_runs_out_over_a_fall(solver: str) -> None:
    for kind, left in (("open", 1.0), ("fall", 0.1)):
        sides = (Side(), Side(kind), Side(), Side())
        found = simulate(Terrain(FLAT, 10.0, 0.03, sides=sides), Forcing(depth_m=1.0), 1.0, solver)
        assert found.depth_m.mean() == pytest.approx(left, abs=0.1)
        assert found.came_m3 == 0


def test_a_dam_break_runs_out_over_an_open_side_without_coming_back() -> None:
    first = np.tile(np.where(np.arange(100) < 50, 2.0, 0.5), (3, 1))
    sides = (Side(), Side("open"), Side(), Side())
    short = simulate(Terrain(np.zeros((3, 100)), 2.0, 0.0, sides=sides), Forcing(depth_m=first), 25 / 3600, "hllc")
    wide = np.tile(np.where(np.arange(300) < 50, 2.0, 0.5), (3, 1))
    long = simulate(Terrain(np.zeros((3, 300)), 2.0, 0.0), Forcing(depth_m=wide), 25 / 3600, "hllc")
    assert np.abs(short.depth_m[1] - long.depth_m[1, :100]).max() < 0.06


def hole() -> np.ndarray:
    ground = FLAT.copy()
    ground[3, 4] = np.nan
    return ground


@pytest.mark.parametrize(
    ("field", "build"),
    [
        ("elevation_m[3][4]", lambda: Terrain(hole(), 10.0)),
        ("elevation_m", lambda: Terrain(np.zeros(9), 10.0)),
        ("manning", lambda: Terrain(FLAT, 10.0, np.full((3, 3), 0.05))),
        ("cell_m", lambda: Terrain(FLAT, 0.0)),
        ("culverts[0].far", lambda: Terrain(FLAT, 10.0, culverts=(Culvert((1, 1), (99, 1), 1.0, 0.0),))),
        ("rain_mm_h[0]", lambda: simulate(Terrain(FLAT, 10.0), Forcing(rain_mm_h=Series.constant(-1)), 1)),
        ("initial_depth_m", lambda: simulate(Terrain(FLAT, 10.0), Forcing(depth_m=np.zeros((2, 2))), 1)),
        ("initial_depth_m", lambda: simulate(Terrain(FLAT, 10.0), Forcing(depth_m=-0.1), 1)),
        ("inflows[0].cells", lambda: simulate(Terrain(FLAT, 10.0), Forcing((Inflow(((0, 99),), Series.constant(1)),)), 1)),
        ("step_s", lambda: simulate(Terrain(FLAT, 10.0), Forcing(depth_m=4.0), 1, step_s=60.0)),
        ("hours", lambda: simulate(Terrain(FLAT, 10.0), Forcing(), 0)),
        ("hours", lambda: simulate(Terrain(np.zeros((2000, 2000)), 1.0), Forcing(depth_m=5.0), 700)),
        ("solver", lambda: simulate(Terrain(FLAT, 10.0), Forcing(), 1, "magic")),
        ("times_s", lambda: Series((0.0, 0.0), (1.0, 2.0))),
    ],
)  # fmt: skip
def test_wrong_input_is_refused_by_name_before_any_work(field: str, build: object) -> None:
    with pytest.raises(InputError) as refused:
        build()  # type: ignore[operator]
    assert refused.value.field == field
