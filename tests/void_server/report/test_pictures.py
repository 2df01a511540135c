import cv2
import numpy as np
import pytest

from void_server.report.pictures import (
    MARGIN,
    PAPER,
    below,
    beside,
    captioned,
    encode_jpeg,
    encode_png,
    framed,
    to_bytes,
)


def plain(height: int, width: int, value: int = 200):
    return np.full((height, width, 3), value, np.uint8)


def test_eight_bit_values_are_rounded_and_not_cut():
    assert to_bytes(np.array([[[0.5, 0.999, 1.5]]], np.float32)).tolist() == [[[128, 255, 255]]]


@pytest.mark.parametrize("encode", [encode_png, encode_jpeg])
def test_a_file_holds_the_picture_in_its_own_channel_order(encode):
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[..., 0] = 200
    decoded = cv2.imdecode(np.frombuffer(encode(picture), np.uint8), cv2.IMREAD_COLOR)
    blue, green, red = decoded[4, 4].astype(int)
    assert (blue < 4, green < 4, abs(red - 200) < 4) == (True, True, True)


def test_pictures_of_unlike_size_stand_side_by_side_on_paper():
    row = beside([plain(10, 20), plain(30, 40)])
    assert row.shape == (30, 20 + MARGIN + 40, 3)
    assert (row[10:, :20] == PAPER).all()
    assert (row[:, 20 + MARGIN :] == 200).all()


def test_rows_of_unlike_width_stand_below_each_other_on_paper():
    column = below([plain(10, 20), plain(5, 40)])
    assert column.shape == (10 + MARGIN + 5, 40, 3)
    assert (column[:10, 20:] == PAPER).all()


def test_a_frame_adds_a_margin_on_every_side():
    assert framed(plain(4, 6)).shape == (4 + 2 * MARGIN, 6 + 2 * MARGIN, 3)


def test_a_caption_in_any_script_leaves_the_picture_as_it_is():
    picture = captioned(plain(10, 60), "日本 × é")
    assert (picture[-10:] == 200).all()
    assert picture[:-10].max() > PAPER
