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
    Token,
    _TokenType,
)


def styles(ink: str, keyword: str, string: str, number: str, comment: str) -> dict[_TokenType, str]:
    """Return the colours of the tokens that have one."""
    return {
        Token: ink,
        Comment: f"italic {comment}",
        Keyword: keyword,
        Operator.Word: keyword,
        Name.Decorator: keyword,
        Name.Function: f"bold {ink}",
        Name.Class: f"bold {ink}",
        String: string,
        String.Interpol: number,
        Number: number,
        Generic.Prompt: comment,
        Generic.Output: ink,
        Generic.Traceback: ink,
        Generic.Error: f"bold {number}",
    }


class Light(Style):
    """Code on a light page."""

    name = "linreg-light"
    background_color = "#f6f7f9"
    styles: ClassVar[dict[_TokenType, str]] = styles(
        ink="#24292f", keyword="#6b2fb3", string="#17633b", number="#9a3f00", comment="#57606a"
    )


class Dark(Style):
    """Code on a dark page."""

    name = "linreg-dark"
    background_color = "#1b1d20"
    styles: ClassVar[dict[_TokenType, str]] = styles(
        ink="#d6dae0", keyword="#c8a8ff", string="#86d9a8", number="#ffb077", comment="#9aa5b1"
    )
