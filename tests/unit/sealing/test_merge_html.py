"""HTML and values to a tagged PDF: what a value may be, and what it can never bring."""

import base64
import subprocess
from pathlib import Path

import pikepdf
import pymupdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import ImageFile
from support.budget import cases
from support.merging import PIXEL, VALUES, Desk, need_weasyprint, opened, page, texts
from support.sealers import NOW, sealer
from support.tools import need

from sealing.batch.merge import design as merge_design
from sealing.batch.merge import html as merge_html
from sealing.batch.merge.design import (
    MergeError,
    TemplateTooLargeError,
    TooManyPagesError,
    TooSlowError,
    UnknownColumnError,
)
from sealing.batch.merge.html import (
    GlyphMissingError,
    HtmlDesign,
    ResourceError,
    UnusableError,
    ValuePlaceError,
)
from sealing.batch.merge.template import TemplateFileError, TemplateWrittenError
from sealing.pades.layout import Layout
from sealing.pades.seal import Road
from sealing.pades.source_pdf import SourcePdf
from sealing.service.codes import TownCodeOrder
from sealing.service.letter import Letter, seal_letter
from sealing.service.profile import Profile

HOSTILE = (
    '"><img src=file:///etc/passwd>',
    "</style><style>@import url(file:///etc/passwd)</style>",
    "<link rel=attachment href=file:///etc/passwd>",
    "<a rel=attachment href='/etc/passwd'>x</a>",
    "red;background:url(http://127.0.0.1:9/x)",
    "{{ rue }}{% include 'x' %}",
    "&lt;b&gt;&amp;#60;script>",
)


@pytest.fixture(autouse=True)
def _weasyprint():
    need_weasyprint()


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def made(desk, body, head="", values=VALUES, whole=""):
    path = desk.template(whole or page(body, head))
    return HtmlDesign.open(path, frozenset(values)).make(values)


def test_a_letter_is_tagged_and_says_its_language_and_its_title(desk):
    with opened(made(desk, "<h1>Facture</h1><p>{{ nom }}</p>")) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "fr"
        assert str(pdf.docinfo["/Title"]) == "Lettre"
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert b"pdfuaid" in pdf.Root.Metadata.read_bytes()
        document = pdf.Root.StructTreeRoot.K
        kinds = [str(kid.S) for kid in walk(document)]
        assert {"/Document", "/H1", "/P"} <= set(kinds)


def walk(node):
    """Give the elements of a structure tree."""
    if isinstance(node, pikepdf.Array):
        for kid in node:
            yield from walk(kid)
    elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
        yield node
        yield from walk(node.get("/K", pikepdf.Array()))


def test_what_keeps_a_letter_from_being_pdf_ua_is_told_and_not_claimed(desk):
    (desk.root / "x.png").write_bytes(base64.b64decode(PIXEL))
    path = desk.template('<p>{{ nom }}</p><img src="x.png">')
    design = HtmlDesign.open(path, frozenset(VALUES))
    with opened(design.make(VALUES)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert "/Metadata" not in pdf.Root or b"pdfuaid" not in pdf.Root.Metadata.read_bytes()
    assert [code for code, _ in design.remarks] == ["alt", "lang", "title"]


def test_every_font_is_in_the_file(desk):
    with pymupdf.open(stream=made(desk, "<p>{{ nom }} <b>Œuvre</b></p>")) as document:
        fonts = document.get_page_fonts(0)
        assert fonts
        assert all(document.extract_font(font[0])[3] for font in fonts)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_is_text_whatever_it_holds(desk, value):
    body = '<p class="{{ nom }}" title="{{ nom }}">{{ nom }}</p>'
    pdf = made(desk, body, values={"nom": value, "rue": "x"})
    assert "".join(value.split()) in "".join(texts(pdf).split())
    with opened(pdf) as document:
        assert "/Names" not in document.Root
        assert "/Annots" not in document.pages[0]
    with pymupdf.open(stream=pdf) as document:
        assert not document[0].get_images()
        assert document.embfile_count() == 0


@settings(
    max_examples=cases(ci=60, slow=2_000, fast=12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.text(st.sampled_from("ab<>&\"'/={}%;:()-!é \n"), max_size=40))
def test_any_text_is_printed_as_it_is(desk, value):
    pdf = made(desk, "<p>:{{ nom }}:</p>", values={"nom": value})
    assert "".join(texts(pdf).split()) == "".join(f":{value}:".split()).replace("\u00ad", "")


@pytest.mark.parametrize(
    "place",
    [
        '<img alt="" src="{{ nom }}">',
        '<a href="{{ nom }}">x</a>',
        '<a href="https://ville.example/{{ nom }}">x</a>',
        '<p style="color:{{ nom }}">x</p>',
        "<p class={{ nom }}>x</p>",
        "<p {{ nom }}>x</p>",
        "<p {{ nom }}=x>x</p>",
        "<style>p{color:{{ nom }}}</style>",
        "<svg><style>{{ nom }}</style></svg>",
        "<svg><style>a<g></g>{{ nom }}</style></svg>",
        "<svg><style>a<g>{{ nom }}</g></style></svg>",
        '<svg><image href="{{ nom }}"/></svg>',
        '<object data="{{ nom }}"></object>',
        "<x{{ nom }}>",
        '{% set all %}{{ nom }}{% endset %}<p class={{ "" ~ all }}>x</p>',
    ],
)
def test_where_a_value_would_be_more_than_text_it_is_refused(desk, place):
    with pytest.raises(ValuePlaceError):
        made(desk, place, values={"nom": "x y=z"})


@pytest.mark.parametrize(
    "asked",
    [
        '<img alt="" src="file:///etc/passwd">',
        '<img alt="" src="http://127.0.0.1:9/x.png">',
        '<img alt="" src="//127.0.0.1/x.png">',
        '<img alt="" src="../secret.png">',
        '<img alt="" src="%2e%2e/secret.png">',
        '<img alt="" src="link.png">',
        '<img alt="" src="folder/secret.png">',
        '<img alt="" src="absent.png">',
        '<a rel="attachment" href="/etc/passwd">x</a>',
        '<p style="background:url(/etc/passwd)">x</p>',
    ],
)
def test_nothing_outside_the_folder_of_the_template_is_read(tmp_path, asked):
    (tmp_path / "secret.png").write_bytes(base64.b64decode(PIXEL))
    desk = Desk(tmp_path / "modele")
    desk.root.mkdir()
    (desk.root / "link.png").symlink_to(tmp_path / "secret.png")
    (desk.root / "folder").symlink_to(tmp_path)
    with pytest.raises(ResourceError):
        made(desk, asked)


@pytest.mark.parametrize(
    "head",
    [
        "<style>@import url(file:///etc/passwd);</style>",
        '<link rel="stylesheet" href="http://127.0.0.1:9/a.css">',
        '<base href="http://127.0.0.1:9/"><link rel="stylesheet" href="a.css">',
        '<link rel="attachment" href="/etc/passwd">',
        "<style>@font-face{font-family:x;src:url(/etc/passwd)}p{font-family:x}</style>",
    ],
)
def test_no_style_and_no_font_comes_from_elsewhere(desk, head):
    with pytest.raises(ResourceError):
        made(desk, "<p>x</p>", head)


def test_pictures_and_styles_beside_the_template_serve_and_are_in_its_fingerprint(desk):
    (desk.root / "img").mkdir()
    (desk.root / "img" / "x.png").write_bytes(base64.b64decode(PIXEL))
    (desk.root / "s.css").write_text("p{color:red}")
    head, body = '<link rel="stylesheet" href="s.css">', '<img alt="" src="img/x.png">{{ nom }}'
    design = HtmlDesign.open(desk.template(page(body, head)), frozenset(VALUES))
    with pymupdf.open(stream=design.make(VALUES)) as document:
        assert len(document[0].get_images()) == 1
    before = design.fingerprint()
    assert {"img/x.png", "s.css", "modele.html"} <= set(before)
    (desk.root / "s.css").write_text("p{color:blue}")
    again = HtmlDesign.open(desk.template(page(body, head)), frozenset(VALUES))
    again.make(VALUES)
    assert again.fingerprint() != before


def test_pictures_that_the_first_letter_does_not_show_are_in_the_fingerprint_too(desk):
    for name in ("un.png", "mon deux.png", "trois.png", "fond.png"):
        (desk.root / name).write_bytes(base64.b64decode(PIXEL))
    (desk.root / "s.css").write_text("p{background:url(fond.png)}")
    body = (
        "{% if nom == 'X' %}<link rel=stylesheet href=s.css><img alt='' src=un.png>"
        '<img alt="l\'autre" src="mon%20deux.png" srcset="trois.png 2x">{% endif %}{{ nom }}'
    )
    path = desk.template(page(body))
    before = HtmlDesign.open(path, frozenset(VALUES)).fingerprint()
    assert {"s.css", "un.png", "mon deux.png", "trois.png", "fond.png"} <= set(before)
    for name in ("un.png", "mon deux.png", "trois.png", "fond.png"):
        (desk.root / name).write_bytes(base64.b64decode(PIXEL) + name.encode())
        after = HtmlDesign.open(path, frozenset(VALUES)).fingerprint()
        assert after[name] != before[name]


def test_a_folder_may_have_any_name_and_the_template_another_name_by_a_link(tmp_path):
    desk = Desk(tmp_path / "mes modèles 100 % #1?")
    desk.root.mkdir()
    (desk.root / "x y é.png").write_bytes(base64.b64decode(PIXEL))
    body = '<img alt="x" src="x y é.png"><img alt="y" src="x%20y%20%C3%A9.png">{{ nom }}'
    desk.template(page(body))
    (tmp_path / "lien.html").symlink_to(desk.root / "modele.html")
    design = HtmlDesign.open(tmp_path / "lien.html", frozenset(VALUES))
    with pymupdf.open(stream=design.make(VALUES)) as document:
        assert document[0].get_images()


def test_a_picture_within_the_template_serves_and_a_broken_one_is_an_error(desk):
    made(desk, f'<img alt="" src="data:image/png;base64,{PIXEL}">')
    for broken in ("data:image/png;base64,AAAA", "data:image/png;base64,A"):
        with pytest.raises(UnusableError):
            made(desk, f'<img alt="" src="{broken}">')


def test_a_font_beside_the_template_serves_and_a_broken_one_is_an_error(desk):
    asked = [need("fc-match"), "-f", "%{file}", "DejaVu Sans"]
    file = subprocess.run(asked, capture_output=True, check=True).stdout.decode()
    (desk.root / "own.ttf").write_bytes(Path(file).read_bytes())
    (desk.root / "broken.ttf").write_bytes(Path(file).read_bytes()[:100])
    face = "<style>@font-face{{font-family:{0};src:url({0}.ttf)}} p{{font-family:{0}}}</style>"
    with pymupdf.open(stream=made(desk, "<p>x</p>", face.format("own"))) as document:
        [found] = document.get_page_fonts(0)
        assert found[3].endswith("+own")
    with pytest.raises(UnusableError):
        made(desk, "<p>x</p>", face.format("broken"))


def test_a_character_that_no_font_draws_is_an_error_and_no_empty_box(desk):
    with pytest.raises(GlyphMissingError) as caught:
        made(desk, "<p>{{ nom }}</p>", values={"nom": "A\ue123"})
    assert caught.value.details == {"sign": "\ue123"}


@pytest.mark.parametrize(
    ("body", "line", "name"),
    [
        ("<p>\n{{ nom }}\n{{ prenom }}</p>", 3, "prenom"),
        ('\n{{ colonnes["code postal"] }}', 2, "code postal"),
        ("{% if\n absent %}{% endif %}", 2, "absent"),
    ],
)
def test_an_unknown_column_is_told_with_its_line(desk, body, line, name):
    with pytest.raises(UnknownColumnError) as caught:
        made(desk, "", whole=body)
    assert caught.value.details == {"name": name, "path": "modele.html", "line": line}


def test_a_column_whose_name_is_no_word_has_a_way(desk):
    values = {"code postal": "69999", "10": "DUPONT"}
    pdf = made(desk, '{{ colonnes["code postal"] }} {{ colonnes["10"] }}', values=values)
    assert "69999 DUPONT" in texts(pdf)


@pytest.mark.parametrize(
    "body",
    [
        "{{ nom|safe }}",
        "{{ nom|e }}",
        "{{ nom|urlize }}",
        "{{ nom|xmlattr }}",
        "{% autoescape false %}{{ nom }}{% endautoescape %}",
        "{{ nom|striptags }}",
        "{% filter striptags %}{{ nom }}{% endfilter %}",
        "{% filter upper %}{{ nom }}{% endfilter %}",
        "{% set m | striptags %}{{ nom }}{% endset %}{{ m }}",
        "{% set m | list %}{{ nom }}{% endset %}{{ m }}",
        "{{ nom.__class__.__mro__ }}",
        "{{ nom|attr('__class__') }}",
        "{{ 1/0 }}",
        "{{ nom|float + 'x' }}",
        "{{ nom",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    ],
)
def test_what_takes_the_escaping_away_or_breaks_is_an_error_of_the_template(desk, body):
    with pytest.raises(TemplateWrittenError):
        made(desk, body)


def test_templates_include_those_beside_them_and_no_others(desk):
    (desk.root / "parts").mkdir()
    desk.template("bas : {{ nom }}", "parts/bas.html")
    assert "bas : Dupont" in texts(made(desk, "{% include 'parts/bas.html' %}"))
    (desk.root / "parts" / "out.html").symlink_to("/etc/passwd")
    for name in ("'../x.html'", "'/etc/passwd'", "'parts/out.html'", "'absent.html'", "nom"):
        with pytest.raises(TemplateFileError):
            made(desk, f"{{% include {name} %}}")
    desk.template("{{ absent }}", "parts/bas.html")
    with pytest.raises(UnknownColumnError) as caught:
        made(desk, "{% include 'parts/bas.html' %}")
    assert caught.value.details["path"] == "parts/bas.html"


def test_conditions_and_loops_serve(desk):
    body = "{% if montant %}dû{% endif %} {% for n in range(3) %}{{ n }}{% endfor %}"
    assert "dû 012" in texts(made(desk, body))


def test_the_same_values_give_the_same_bytes(desk):
    assert made(desk, "<p>{{ nom }}</p>") == made(desk, "<p>{{ nom }}</p>")


def test_letters_of_one_template_share_their_layout(desk):
    table = '<table style="table-layout:fixed;width:100%"><tr><td>{{ montant }}</table>'
    head = "<style>td{border:1pt solid}</style>"
    path = desk.template(page("<p>{{ nom }}<br>{{ rue }}</p>" + table, head))
    design = HtmlDesign.open(path, frozenset(VALUES))
    other = {"nom": "El Amrani", "rue": "3 bis rue Haute", "montant": "1 240,00"}
    one, two = (SourcePdf(design.make(values)) for values in (VALUES, other))
    assert Layout.read(one.pages, 0).key == Layout.read(two.pages, 0).key
    letter = Letter(one.pdf, TownCodeOrder("0", {"nom": "DUPONT"}))
    sealed = seal_letter(letter, sealer(), Profile(), NOW, b"0123456789").sealed
    assert (sealed.road, sealed.fallback) == (Road.FAST, None)


def test_limits_hold(desk, monkeypatch):
    with pytest.raises(TooManyPagesError):
        made(desk, '<div style="break-after:page">x</div>' * 52)
    with pytest.raises(TemplateTooLargeError):
        made(desk, "x" * (1 << 20))
    with pytest.raises(TemplateTooLargeError):
        made(desk, "{% for i in range(99999) %}" + "x" * 200 + "{% endfor %}")
    monkeypatch.setattr(merge_html, "limited", lambda: merge_design.limited(0.3))
    with pytest.raises(TooSlowError):
        loop = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
        made(desk, loop)


def test_each_of_these_errors_is_one_of_merges():
    kinds = (ResourceError, UnusableError, ValuePlaceError, TemplateFileError, TooSlowError)
    assert all(issubclass(kind, MergeError) for kind in kinds)


def test_pictures_that_are_cut_off_stay_refused_in_a_process_that_merges(desk):
    """WeasyPrint has Pillow take them, everywhere: a scan that came half would then be judged."""
    made(desk, "<p>{{ nom }}</p>")
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
