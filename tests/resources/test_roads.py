"""The way over roads: exact on a graph one can do by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, box, shape

from anlan.kernel.geo import distance_m
from anlan.resources import roads as module
from anlan.resources.models import RoadEdge, RoadNode
from anlan.resources.roads import ANY, BY_ROAD, DETOUR_FACTOR, STRAIGHT, Limits, Place, Road, Roads, roads

#: A square of 1 km sides near 39.5 N: A south-west, B south-east, C north-east, D north-west.
A, B, C, D = (106.70, 39.50), (106.7116, 39.50), (106.7116, 39.509), (106.70, 39.509)


def road(a: int, b: int, places: list[Place], speed: float = 60, *, oneway: bool = False, length: float = 1000) -> Road:
    return Road(a, b, length, speed, oneway, (places[a], places[b]))


def square(**east: object) -> Roads:
    places = [A, B, C, D]
    return Roads(places, [road(0, 1, places), road(1, 2, places, **east), road(2, 3, places), road(3, 0, places, 30)])


def test_the_quickest_way_is_taken_and_not_the_shortest() -> None:
    found = square().route(A, D, speed_km_h=100)
    assert found.how == BY_ROAD
    assert found.minutes == pytest.approx(2.0, abs=0.01), "1 km at 30 km/h"
    slow = square(speed=200).route(C, A, speed_km_h=100)
    assert slow.length_m == pytest.approx(2000)
    assert slow.minutes == pytest.approx(0.6 + 1.0, abs=0.02), "the fast side, limited to the vehicle's 100 km/h"


def test_a_slow_vehicle_is_slow_on_a_fast_road() -> None:
    assert square().route(A, B, speed_km_h=30).minutes == pytest.approx(2.0, abs=0.01)


def test_a_place_between_two_junctions_is_reached_at_its_own_point() -> None:
    middle = ((A[0] + B[0]) / 2, A[1])
    found = square().route(A, middle)
    assert found.length_m == pytest.approx(500, abs=2)
    assert found.geometry["coordinates"][-1] == list(middle)


def test_start_and_end_on_one_road_go_straight_along_it() -> None:
    third, quarter = A[0] + (B[0] - A[0]) / 4, A[0] + (B[0] - A[0]) * 3 / 4
    found = square().route((third, A[1]), (quarter, A[1]))
    assert found.length_m == pytest.approx(500, abs=2)


def test_a_oneway_road_is_not_driven_backwards() -> None:
    places = [A, B, C, D]
    ring = Roads(places, [road(n, (n + 1) % 4, places, oneway=True) for n in range(4)])
    assert ring.route(A, B).length_m == pytest.approx(1000, abs=1)
    assert ring.route(B, A).length_m == pytest.approx(3000, abs=1)
    behind, ahead = ((A[0] + B[0]) / 2, A[1]), (A[0] + (B[0] - A[0]) * 0.75, A[1])
    assert ring.route(ahead, behind).length_m == pytest.approx(3750, abs=5), "all the way round"


def test_a_closure_is_driven_around() -> None:
    closed = box(106.7050, 39.499, 106.7060, 39.501)
    found = square().route(A, B, closed)
    assert found.length_m == pytest.approx(3000, abs=1)
    assert not shape(found.geometry).intersects(closed)


def test_what_a_closure_cuts_off_is_estimated_and_says_so() -> None:
    places = [A, B]
    found = Roads(places, [road(0, 1, places)]).route(A, B, box(106.705, 39.49, 106.706, 39.51))
    assert found.how == STRAIGHT
    assert found.length_m > distance_m(*A, *B) * DETOUR_FACTOR, "round it, not through it"
    assert not LineString(found.geometry["coordinates"]).intersects(box(106.705, 39.49, 106.706, 39.51))


@pytest.mark.parametrize("graph", [Roads([], []), square()])
def test_far_from_any_road_the_estimate_is_labelled(graph: Roads) -> None:
    assert graph.route((107.5, 40.5), (107.6, 40.5)).how == STRAIGHT


def floyd(roads_: Roads, speed: float) -> list[list[float]]:
    """All pairs by the book, to hold the search against."""
    n = roads_.graph.num_nodes()
    best = [[0.0 if i == j else float("inf") for j in range(n)] for i in range(n)]
    for a, b, arc in roads_.graph.weighted_edge_list():
        best[a][b] = min(best[a][b], arc.minutes(speed))
    for k in range(n):
        for i in range(n):
            for j in range(n):
                best[i][j] = min(best[i][j], best[i][k] + best[k][j])
    return best


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.integers(0, 8), st.sampled_from([30.0, 60.0, 100.0]), st.booleans(),
                  st.floats(200, 5000)),
        min_size=6, max_size=20,
    )
)  # fmt: skip
def test_between_junctions_the_search_agrees_with_all_pairs(edges: list[tuple[int, int, float, bool, float]]) -> None:
    places = [(106.6 + 0.02 * (n % 3), 39.4 + 0.02 * (n // 3)) for n in range(9)]
    made = [Road(a, b, length, v, one, (places[a], places[b])) for a, b, v, one, length in edges if a != b]
    graph, used = Roads(places, made), {n for road_ in made for n in (road_.start, road_.end)}
    best = floyd(graph, 80)
    for start in used:
        for end in used:
            if start == end or crossing(made, places, start) or crossing(made, places, end):
                continue
            found = graph.route(places[start], places[end], speed_km_h=80)
            if found.how == BY_ROAD:
                assert found.minutes == pytest.approx(best[start][end], rel=1e-6, abs=1e-4)


def crossing(made: list[Road], places: list[Place], node: int) -> bool:
    """Whether a road passes over this junction without ending there: then the nearest road is not unique."""
    here = box(places[node][0] - 1e-6, places[node][1] - 1e-6, places[node][0] + 1e-6, places[node][1] + 1e-6)
    return any(node not in (r.start, r.end) and LineString(r.line).intersects(here) for r in made)


@pytest.mark.django_db
def test_the_graph_is_rebuilt_when_a_road_changes_and_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = (RoadNode.objects.create(code=n, lon=p[0], lat=p[1]) for n, p in (("a", A), ("b", B)))
    edge = RoadEdge.objects.create(code="e", start=a, end=b, name="路", kind="支路", length_m=1000, speed_km_h=60)
    first = roads()
    assert roads() is first
    assert first.route(A, B).minutes == pytest.approx(1.0, abs=0.01)
    edge.speed_km_h = 30
    edge.save()
    assert roads().route(A, B).minutes == pytest.approx(2.0, abs=0.01)
    RoadEdge.objects.update(oneway=True)
    assert roads().route(B, A).how == STRAIGHT
    assert module.roads() is not first


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**9))
def test_many_pairs_at_once_agree_with_one_at_a_time_around_closures_and_limits(seed: int) -> None:
    random = np.random.default_rng(seed)
    places = [(106.6 + 0.02 * (n % 5) + random.uniform(0, 0.005), 39.4 + 0.02 * (n // 5)) for n in range(25)]
    made = [
        Road(int(a), int(b), float(random.uniform(500, 4000)), float(random.choice([30, 60, 100])), bool(random.random() < 0.3),
             (places[a], places[b]), max_weight_t=float(random.choice([10, 40])), no_hazmat=bool(random.random() < 0.2))
        for a, b in random.integers(0, 25, (60, 2)) if a != b
    ]  # fmt: skip
    graph, closed = Roads(places, made), box(106.63, 39.43, 106.65, 39.45)
    lorry = Limits(weight_t=20, hazmat=True)
    wanted = [((106.6 + x, 39.4 + y), (106.6 + z, 39.4 + w)) for x, y, z, w in random.uniform(0, 0.09, (12, 4))]
    for limits in (ANY, lorry):
        at_once = graph.pair_minutes(wanted, closed, 70, limits)
        for (start, end), found in zip(wanted, at_once, strict=True):
            single = graph.route(start, end, closed, 70, limits)
            assert (single.how == BY_ROAD) == bool(np.isfinite(found))
            if single.how == BY_ROAD:
                assert found == pytest.approx(single.minutes, rel=1e-6, abs=1e-6)


def test_a_high_vehicle_goes_round_a_low_bridge() -> None:
    places = [A, B, C, D]
    low = Road(0, 1, 1000, 60, False, (A, B), max_height_m=3.5)
    graph = Roads(places, [low, road(1, 2, places), road(2, 3, places), road(3, 0, places)])
    assert graph.route(A, B, limits=Limits(height_m=3.0)).length_m == pytest.approx(1000, abs=1)
    assert graph.route(A, B, limits=Limits(height_m=4.0)).length_m == pytest.approx(3000, abs=1)


def test_what_is_reached_in_time_grows_with_time_and_stops_at_a_closure() -> None:
    graph = square()
    near, far = graph.isochrones(A, [2.5, 0.4])
    assert (near[0], far[0]) == (0.4, 2.5)
    assert shape(far[1]).covers(shape(near[1]).buffer(-1e-4))
    assert shape(near[1]).covers(Point(A[0] + (B[0] - A[0]) * 0.39, A[1]))
    assert not shape(near[1]).covers(Point(*B))
    assert shape(far[1]).covers(Point(*C))
    ((_band, cut),) = graph.isochrones(A, [1.2], box(106.7050, 39.499, 106.7060, 39.501))
    assert not shape(cut).covers(Point(*B)), "a minute away, but the road is shut"
    assert Roads([], []).isochrones(A, [5]) == []
