"""The page that compares versions of a clip: its content, and its use in a browser."""

import json
import os
import re
import shutil

import numpy as np
import pytest
from videos import gradient, write_clip

from vsr_plugins.apis import write_comparison_page
from vsr_plugins.cli import main
from vsr_plugins.visualization import report


def frames(count, height, width):
    made = []
    for number in range(count):
        frame = gradient(height, width)
        frame[: height // 2, number * width // count : (number + 1) * width // count] = 240
        made.append(frame)
    return made


@pytest.fixture
def clips(tmp_path):
    """Input, output with one frame less, and truth."""
    write_clip(tmp_path / 'in.mp4', frames(6, 32, 48))
    worse = [np.clip(frame.astype(int) + 12, 0, 255).astype(np.uint8) for frame in frames(6, 64, 96)]
    write_clip(tmp_path / 'out.mp4', worse[:5])
    write_clip(tmp_path / 'truth.mp4', frames(6, 64, 96))
    return tmp_path


def page_of(folder, *words):
    path = folder / 'page.html'
    names = [str(folder / 'in.mp4'), f'</script>out={folder / "out.mp4"}']
    assert main(['compare', *names, '--html', str(path), *words]) == 0
    return path


def data_of(path):
    return json.loads(re.search(r'id="data">(.*?)</script>', path.read_text(encoding='utf-8'), re.DOTALL)[1])


def test_versions_of_any_size_and_length(clips):
    page = page_of(clips, '--against', str(clips / 'truth.mp4'))
    one, two, truth = data_of(page)['versions']
    assert [one['name'], two['name'], truth['name']] == ['in', '</script>out', 'ground truth']
    assert (one['width'], one['height'], len(one['frames'])) == (48, 32, 6)
    assert two['times'] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16]) and len(two['frames']) == 5
    assert not one['scores'] and not truth['scores']
    # A shift of 12 levels of RGB is one of 12 * 219 / 255 of Y.
    assert two['scores']['PSNR'] == pytest.approx([20 * np.log10(255 / (12 * 219 / 255))] * 5, abs=0.8)
    assert len(two['scores']['SSIM']) == 5
    assert not re.search(r'(src|href)="|https?://(?!www\.w3\.org/2000/svg)', page.read_text(encoding='utf-8'))
    with pytest.raises(FileExistsError, match='page.html'):
        write_comparison_page({'a': clips / 'in.mp4', 'b': clips / 'out.mp4'}, page)
    with pytest.raises(ValueError, match='got 1'):
        write_comparison_page({'a': clips / 'in.mp4'}, clips / 'b.html')


def test_a_page_is_no_picture_and_none_of_its_inputs(clips):
    versions = {'a': clips / 'in.mp4', 'b': clips / 'out.mp4'}
    with pytest.raises(ValueError, match=r'c\.png'):
        write_comparison_page(versions, clips / 'c.png')
    video = clips / 'video.html'
    shutil.copy(clips / 'in.mp4', video)
    before = video.read_bytes()
    with pytest.raises(ValueError, match=r'video\.html'):
        write_comparison_page({'a': clips / 'out.mp4', 'b': video}, video, overwrite=True)
    assert video.read_bytes() == before and not (clips / 'c.png').exists()


def test_pictures_are_exact_in_a_small_page_and_smaller_in_a_large_one(clips, monkeypatch, caplog):
    import base64
    from io import BytesIO

    from PIL import Image

    from vsr_plugins.media.reading.open_reader import open_reader

    expected = next(open_reader(clips / 'in.mp4').frames()).pixels
    content = base64.b64decode(data_of(page_of(clips))['versions'][0]['frames'][0])
    assert np.array_equal(np.asarray(Image.open(BytesIO(content))), expected)
    monkeypatch.setattr('vsr_plugins.apis.report.MAX_LOSSLESS_BYTES', 100)
    page_of(clips, '--force')
    assert 'with loss' in caplog.text
    assert report.MAX_LOSSLESS_BYTES > 10**6


@pytest.fixture
def browser():
    needed = bool(os.environ.get('VSR_NEEDS_BROWSER'))
    path = shutil.which('chromium') or shutil.which('chromium-browser') or shutil.which('google-chrome')
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if path is None or sync_playwright is None:
        assert not needed, f'no browser: chromium at {path}, playwright {sync_playwright}'
        pytest.skip('no browser')
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=['--no-sandbox'])
        yield chromium
        chromium.close()


def test_the_page_in_a_browser(clips, browser):
    page = browser.new_page(viewport={'width': 1000, 'height': 700})
    faults = []
    page.on('pageerror', lambda error: faults.append(str(error)))
    page.on('console', lambda message: faults.append(message.text) if message.type == 'error' else None)
    page.on('request', lambda one: faults.append(one.url[:80]) if not one.url.startswith(('file:', 'data:')) else None)
    page.goto(page_of(clips, '--against', str(clips / 'truth.mp4')).as_uri())
    page.wait_for_selector('body[data-frame="0"]')

    def state(name):
        return page.evaluate(f'window.report.state.{name}')

    def color(x, y):
        """RGB of a pixel of the first canvas, at shares of its sides."""
        return page.evaluate(
            '([x, y]) => { const c = document.querySelector("main canvas"); return [...c.getContext("2d")'
            '.getImageData(x * c.width, y * c.height, 1, 1).data].slice(0, 3) }',
            [x, y],
        )

    def press(key, frame):
        page.keyboard.press(key)
        page.wait_for_selector(f'body[data-frame="{frame}"]')
        page.wait_for_timeout(300)

    press('ArrowRight', 1)
    press('End', 5)
    assert page.inner_text('.tag.right').endswith('frame 4)')  # the shorter version shows its last frame
    assert 'PSNR' in page.inner_text('.tag.right') and 'PSNR' not in page.inner_text('.tag.left')
    press('Home', 0)
    page.keyboard.press('3')
    assert (state('a'), state('b')) == (0, 2)
    page.keyboard.press('x')
    assert (state('a'), state('b')) == (2, 0)
    page.keyboard.press('Shift+Digit2')
    assert state('a') == 1
    # The slider shows the brighter output on its left and the input on its right.
    page.wait_for_timeout(500)
    page.keyboard.press('[')
    page.wait_for_timeout(500)
    y = 0.75
    left_of_slider, right_of_slider = color(0.44, y), color(0.46, y)
    assert left_of_slider[1] - right_of_slider[1] == pytest.approx(12, abs=5)
    box = page.query_selector('main canvas').bounding_box()
    before = state('scale')
    page.mouse.move(box['x'] + 300, box['y'] + 100)
    page.mouse.wheel(0, -400)
    page.wait_for_timeout(300)
    assert state('scale') == pytest.approx(before * np.e, rel=0.01)
    x = state('x')
    page.mouse.down()
    page.mouse.move(box['x'] + 340, box['y'] + 100)
    page.mouse.up()
    assert state('x') == pytest.approx(x + 40, abs=1)
    page.keyboard.press('g')
    page.wait_for_timeout(300)
    assert page.locator('main canvas').count() == 3
    page.wait_for_function('document.querySelectorAll("#profiles canvas[data-done]").length === 3')
    assert page.locator('polyline').count() == 2
    page.locator('#curves').click(position={'x': 1, 'y': 5})
    assert state('frame') == 0
    page.fill('#scrub', '3')
    page.wait_for_selector('body[data-frame="3"]')
    assert faults == []
