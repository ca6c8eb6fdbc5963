"""Signatures in the reference as they stand in the source.

Autodoc evaluates annotations, and NumPy's ``ArrayLike`` then unfolds into ten lines of private
names. The source says ``ArrayLike``, and so does the page.
"""

import ast
import inspect
import textwrap
from typing import Any

from sphinx.application import Sphinx

# The names that our modules import, by the names under which they are documented.
DOCUMENTED = {
    "ArrayLike": "numpy.typing.ArrayLike",
    "Iterable": "collections.abc.Iterable",
    "NDArray": "numpy.typing.NDArray",
    "Tensor": "torch.Tensor",
    "History": "linreg.history.History",
    "MiniBatchSampler": "linreg.sampler.MiniBatchSampler",
    "nn.Module": "torch.nn.Module",
    "np.float64": "numpy.float64",
}


class _FullNames(ast.NodeTransformer):
    """Replace the names of a module by the documented ones."""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return self._renamed(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return self._renamed(node)

    @staticmethod
    def _renamed(node: ast.expr) -> ast.expr:
        full = DOCUMENTED.get(ast.unparse(node))
        return ast.parse(full, mode="eval").body if full else node


def source_signature(function: Any) -> tuple[str, str | None]:
    """Return the arguments and the annotated result of a function, from its source."""
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(node, ast.FunctionDef)
    if node.args.args and node.args.args[0].arg == "self":
        del node.args.args[0]
    _FullNames().visit(node)
    returns = ast.unparse(node.returns) if node.returns else None
    return f"({ast.unparse(node.args)})", returns


def process_signature(
    app: Sphinx,
    what: str,
    name: str,
    obj: Any,
    options: Any,
    signature: str,
    returns: str,
) -> tuple[str, str | None] | None:
    """Show the source's signature of a function, or of a class's constructor."""
    if what in {"function", "method"}:
        return source_signature(obj)
    if (
        what == "class"
        and "__init__" in vars(obj)
        and not hasattr(obj, "__dataclass_fields__")
    ):
        return source_signature(obj.__init__)[0], None
    return None


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("autodoc-process-signature", process_signature)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
