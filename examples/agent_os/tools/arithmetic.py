"""Value of an arithmetic expression. Pure.

The expression is parsed and never evaluated as code, because it comes from a model that repeats user input.
"""

import ast
import math
import operator
from collections.abc import Callable

LONGEST = 200
LARGEST_EXPONENT = 64

BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: left / right,
    ast.Mod: operator.mod,
}
UNARY: dict[type[ast.unaryop], Callable[[float], float]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}


def value(expression: str) -> float:
    """Calculate numbers, + - * / % ** and brackets; raises ValueError with a message for anything else."""
    if len(expression) > LONGEST:
        raise ValueError(f"the expression has {len(expression)} characters; at most {LONGEST} are read")
    try:
        result = float(_walk(ast.parse(expression.strip(), mode="eval").body))
    except (SyntaxError, RecursionError):
        raise ValueError(
            f'"{expression}" is no arithmetic expression; use numbers, + - * / % ** and brackets'
        ) from None
    except ZeroDivisionError:
        raise ValueError(f'"{expression}" divides by zero') from None
    except OverflowError:
        raise ValueError(f'"{expression}" is too large') from None
    if not math.isfinite(result):
        raise ValueError(f'"{expression}" is too large')
    return result


def _walk(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return number
        case ast.BinOp(op=ast.Pow(), left=left, right=right):
            return _power(_walk(left), _walk(right))
        case ast.BinOp(op=op, left=left, right=right) if type(op) in BINARY:
            return BINARY[type(op)](_walk(left), _walk(right))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in UNARY:
            return UNARY[type(op)](_walk(operand))
        case _:
            raise ValueError(f"{type(node).__name__} is no arithmetic; use numbers, + - * / % ** and brackets")


def _power(base: float, exponent: float) -> float:
    """Power with a bounded result, because 9**9**9 would occupy a CPU for hours."""
    if abs(exponent) > LARGEST_EXPONENT or abs(base) > 10**LARGEST_EXPONENT:
        raise ValueError(f"an exponent may be {LARGEST_EXPONENT} at most")
    result = base**exponent
    if isinstance(result, complex):
        raise ValueError("the root of a negative number is not real")
    return result
