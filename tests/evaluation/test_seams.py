import numpy as np
import pytest

from vsr_plugins.evaluation.seams import SeamReport

# A step of 10 in RGB is a step of 10 * 219 / 255 in studio luma.
STEP = 10 * 219 / 255


def flat(*values):
    return [np.full((8, 8, 3), value, np.uint8) for value in values]


def test_changes_across_a_seam_are_separate_from_those_inside():
    report = SeamReport()
    # The second chunk is brighter by 10: only the change at the seam is wrong.
    report.add(flat(100, 100, 110, 110), flat(100, 100, 100, 100), [(0, 0, 2), (2, 2, 4)])
    assert report.across == [pytest.approx(STEP, rel=1e-5)]
    assert report.inside == [0, 0]


def test_a_true_change_is_not_a_seam():
    report = SeamReport()
    report.add(flat(50, 60, 90), flat(40, 50, 80), [(0, 0, 2), (2, 2, 3)])
    assert report.across == [pytest.approx(0, abs=1e-4)] and report.inside == [pytest.approx(0, abs=1e-4)]


def test_psnr_by_position_in_the_chunk():
    report = SeamReport()
    # Chunks from 0 and from 2, four frames each; the seam is at frame 3, the second chunk's second.
    report.add(flat(110, 100, 105, 120, 100, 100), flat(*[100] * 6), [(0, 0, 3), (2, 3, 6)])
    assert sorted(report.psnr) == [0, 1, 2, 3] and [len(report.psnr[i]) for i in range(4)] == [1, 2, 2, 1]
    # PSNR of a constant error e is 20 log10(255 / e).
    assert report.psnr[0] == [pytest.approx(20 * np.log10(255 / STEP), abs=1e-4)]
    assert report.psnr[1][1] == pytest.approx(20 * np.log10(255 / (2 * STEP)), abs=1e-4)
    assert list(report.summary()) == [*(f'PSNR at {i}' for i in range(4)), 'change inside', 'change across']


def test_different_numbers_of_frames_raise():
    with pytest.raises(ValueError, match='2 predicted .*2 .*3'):
        SeamReport().add(flat(1, 2), flat(1, 2), [(0, 0, 3)])
