"""The way over roads: exact on a graph one can do by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, box, shape

from anlan.kernel.geo import distance_m
from anlan.resources import roads as module
from anlan.resources.models import RoadEdge, RoadNode
from anlan.resources.roads import BY_ROAD, DETOUR_FACTOR, STRAIGHT, Place, Road, Roads, roads

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
    assert found.length_m == pytest.approx(distance_m(*A, *B) * DETOUR_FACTOR)


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
