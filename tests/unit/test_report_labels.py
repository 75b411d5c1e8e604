from hypothesis import given
from hypothesis import strategies as st

from edgehone.report.labels import Point, _box, _overlap, place, thin_boxes

WIDTH, HEIGHT = 400.0, 300.0
POINTS = st.lists(
    st.builds(
        Point,
        x=st.floats(0, WIDTH),
        y=st.floats(0, HEIGHT),
        radius=st.floats(2, 15),
        text=st.sampled_from(["a", "candidate-1", "teacher int8 (tflite)"]),
        rank=st.integers(0, 3),
    ),
    max_size=14,
)


@given(POINTS)
def test_placed_labels_never_cover_each_other_or_another_point(points: list[Point]) -> None:
    placed = place(points, WIDTH, HEIGHT)
    boxes = [_box(a, p.text) if a else None for a, p in zip(placed, points, strict=True)]
    for index, box in enumerate(boxes):
        if box is None:
            continue
        assert box[0] >= 0
        assert box[2] <= WIDTH
        for other in range(len(points)):
            if other == index:
                continue
            circle = points[other]
            around = (
                circle.x - circle.radius,
                circle.y - circle.radius,
                circle.x + circle.radius,
                circle.y + circle.radius,
            )
            beside = boxes[other]
            assert not _overlap(box, around)
            assert beside is None or not _overlap(box, beside)


def test_a_lone_point_is_labelled_beside_it() -> None:
    (label,) = place([Point(100, 100, 5, "name")], WIDTH, HEIGHT)
    assert label is not None
    assert (label.align, label.y) == ("left", 100)


def test_labels_keep_off_lines_where_they_can() -> None:
    line = thin_boxes([(0, 100), (WIDTH, 100)])
    (label,) = place([Point(100, 100, 5, "name")], WIDTH, HEIGHT, line)
    assert label is not None
    assert not any(_overlap(_box(label, "name"), box) for box in line)


def test_the_higher_rank_gets_the_only_room_there_is() -> None:
    text = "x" * 30
    narrow = len(text) * 5.6 + 30
    points = [Point(10, 10, 5, text), Point(10, 10, 5, text, rank=1)]
    placed = place(points, narrow, 20)
    assert placed[0] is None


def test_thin_boxes_follow_a_slanted_line_closely() -> None:
    boxes = thin_boxes([(0, 0), (100, 100)])
    assert len(boxes) > 10
    assert max(right - left for left, _, right, _ in boxes) < 10
