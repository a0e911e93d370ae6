"""Style: the same figure is the same file, in every format."""

import pytest

from skycnn.report import plotfile, style


@pytest.mark.parametrize("kind", plotfile.FORMATS)
def test_the_same_figure_is_the_same_file(kind):
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    pages = []
    for _ in range(2):
        with matplotlib.rc_context(style.STYLE):
            figure = Figure(figsize=(1, 1))
            FigureCanvasAgg(figure)
            figure.add_subplot().plot([0, 1], [1, 0], color=style.ACCENT)
            pages.append(style.encode(figure, kind))
    assert pages[0] == pages[1]
