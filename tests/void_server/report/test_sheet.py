import numpy as np
import pytest

from void_server.report.sheet import Column, contact_sheet, triptych


def column(frame: int, *, plate: float, clean: float) -> Column:
    picture = np.full((90, 160, 3), plate, np.float32)
    return Column(
        frame=frame,
        plate=picture,
        alpha=np.zeros((90, 160), np.float32),
        clean=np.full_like(picture, clean),
    )


def test_a_sheet_has_a_column_per_frame():
    one = contact_sheet([column(1001, plate=0.5, clean=0.5)], width=160)
    three = contact_sheet([column(n, plate=0.5, clean=0.5) for n in (1, 2, 3)], width=160)
    assert three.shape[1] - one.shape[1] == 2 * (160 + 12)
    assert three.shape[0] == one.shape[0]


@pytest.mark.parametrize(("difference", "shown"), [(0.0, 0), (0.05, 102), (0.5, 255)])
def test_the_difference_is_amplified_eight_times_and_black_where_there_is_none(difference, shown):
    sheet = contact_sheet([column(1, plate=0.25, clean=0.25 + difference)], width=160)
    last_row = sheet[-12 - 45, sheet.shape[1] // 2]
    assert abs(int(last_row[0]) - shown) <= 1


def test_a_triptych_shows_plate_matte_and_clean_plate_but_no_difference():
    picture = triptych(column(1, plate=0.25, clean=0.75), width=160)
    assert picture.shape[1] == 12 + 3 * (160 + 12)
    row = picture[picture.shape[0] // 2]
    assert [int(row[12 + 80 + n * 172, 0]) for n in range(3)] == [64, 0, 191]
