"""The colours of code: few, readable in both themes, and never those of a link.

Names keep the colour of the text, so that a name looks like a link only where it is one.
"""

from typing import ClassVar

from pygments.style import Style
from pygments.token import (
    Comment,
    Generic,
    Keyword,
    Name,
    Number,
    Operator,
    String,
    Text,
    Token,
    _TokenType,
)


def styles(
    ink: str, keyword: str, string: str, number: str, comment: str
) -> dict[_TokenType, str]:
    """Return the looks of the tokens that have one. All others are ink, as the text around them."""
    return {
        Text: ink,
        Comment: f"italic {comment}",
        Keyword: keyword,
        Operator.Word: keyword,
        Name.Decorator: keyword,
        Name.Function: "bold",
        Name.Class: "bold",
        String: string,
        String.Interpol: number,
        Number: number,
        Generic.Prompt: comment,
        Generic.Deleted: number,
        Generic.Inserted: string,
        Generic.Error: f"bold {number}",
    }


class Light(Style):
    """Code on a light page."""

    name = "linreg-light"
    background_color = "#f6f7f9"
    styles: ClassVar[dict[_TokenType, str]] = styles(
        ink="#24292f",
        keyword="#6b2fb3",
        string="#17633b",
        number="#9a3f00",
        comment="#57606a",
    )


class Dark(Style):
    """Code on a dark page."""

    name = "linreg-dark"
    background_color = "#1b1d20"
    styles: ClassVar[dict[_TokenType, str]] = styles(
        ink="#d6dae0",
        keyword="#c8a8ff",
        string="#86d9a8",
        number="#ffb077",
        comment="#9aa5b1",
    )


def is_plain(token: _TokenType) -> bool:
    """Tell whether a token looks like the text around it, in both themes."""
    return all(
        style.style_for_token(token)
        in (style.style_for_token(Text), style.style_for_token(Token))
        for style in (Light, Dark)
    )
