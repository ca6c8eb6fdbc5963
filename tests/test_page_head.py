import page_head
import pytest


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, ""),
        ({"LINREG_SITE_URL": "https://example.org/line"}, "https://example.org/line/"),
        ({"GITHUB_REPOSITORY": "Ada/linreg"}, "https://ada.github.io/linreg/"),
        ({"GITHUB_REPOSITORY": "ada/ada.github.io"}, "https://ada.github.io/"),
        (
            {
                "GITHUB_REPOSITORY": "ada/linreg",
                "LINREG_SITE_URL": "https://example.org/",
            },
            "https://example.org/",
        ),
    ],
)
def test_the_address_comes_from_the_setting_or_from_the_repository(
    environ: dict[str, str], url: str
) -> None:
    assert page_head.site_url(environ) == url


def test_the_lines_of_a_long_signature_become_valid_inside_a_term() -> None:
    line = '<dd><em class="sig-param">k</em>,</dd>\n'
    body = f"<dl>\n{line}{line}</dl>"
    mended = page_head.SIGNATURE.sub(page_head.signature_lines, body)
    assert "<dl>" not in mended
    assert mended.count('<span class="sig-line">') == 2
    other = "<dl>\n<dt>term</dt><dd>text</dd>\n</dl>"
    assert page_head.SIGNATURE.sub(page_head.signature_lines, other) == other
