"""ConditionGrammar: how the words of a condition belong together; see `conditions.PAGE`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from skycnn.errors import InputError
from skycnn.photometry import foreignwords, numbertext
from skycnn.photometry.conditionoperands import SUMS, Bits, Column, Constant, Operand, Sum, is_text, rounded
from skycnn.photometry.conditionterms import COMPARISONS, Comparison, Joined, Member, Not, Test
from skycnn.photometry.conditionwords import ConditionWords

DEEPEST = 30
"""Brackets, ``not`` and signs within each other at most."""

LARGEST = 1e300
"""Of calculated numbers: within float64."""


@dataclass(frozen=True)
class Pair:
    """Two columns with ``&`` between them: as a condition both are not 0, in brackets as a number their common bits."""

    left: Column
    right: Column


Node = Operand | Test | Pair


class ConditionGrammar:
    """Reads a condition.

    Parameters
    ----------
    words : ConditionWords
    """

    def __init__(self, words: ConditionWords) -> None:
        self._words, self._depth = words, 0

    def read(self) -> Test:
        """Return the whole condition.

        Raises
        ------
        InputError
            When it cannot be read.
        """
        found = self._any()
        if not self._words.ended:
            raise self._words.refused("and, or, a comparison or the end")
        return self._test(found)

    def _any(self) -> Node:
        first = self._all()
        tests = [first]
        while self._words.take("or", "||", "|"):
            tests.append(self._all())
        return first if len(tests) == 1 else Joined([self._test(test) for test in tests], every=False)

    def _all(self) -> Node:
        first = self._not()
        parts, signs = [first], []
        while sign := self._words.take("and", "&&", "&"):
            signs.append(sign)
            parts.append(self._not())
        if len(parts) == 1:
            return first
        if signs == ["&"] and isinstance(first, Column) and isinstance(parts[1], Column):
            return Pair(first, parts[1])
        return Joined([self._test(part) for part in parts], every=True)

    def _not(self) -> Node:
        if not self._words.take("not", "!"):
            return self._comparison()
        with self:
            return Not(self._test(self._not()))

    def _comparison(self) -> Node:
        first = self._sum()
        begin = self._words.at
        turned = bool(self._words.take("not"))
        if self._words.take("in"):
            member = self._member(self._operand(first))
            return Not(member) if turned else member
        self._words.at = begin
        chain, signs = [first], []
        while sign := self._words.take(*COMPARISONS):
            signs.append(sign)
            chain.append(self._sum())
        if not signs:
            return first
        tests = [
            self._compared(sign, self._operand(left), self._operand(right))
            for sign, (left, right) in zip(signs, pairwise(chain), strict=True)
        ]
        return tests[0] if len(tests) == 1 else Joined(tests, every=True)

    def _sum(self) -> Node:
        return self._steps(self._product, "+", "-")

    def _product(self) -> Node:
        return self._steps(self._signed, "*", "/")

    def _steps(self, part: Callable[[], Node], *signs: str) -> Node:
        first, steps = part(), []
        while sign := self._words.take(*signs):
            steps.append((sign, self._number(self._operand(part()))))
        if not steps:
            return first
        start = self._number(self._operand(first))
        numbers = [operand.value for _, operand in steps if isinstance(operand, Constant)]
        if not isinstance(start, Constant) or len(numbers) < len(steps):
            return Sum(start, tuple(steps))
        total: Any = start.value
        for (sign, _), number in zip(steps, numbers, strict=True):
            if sign == "/" and not number:
                raise self._words.refused("no division by 0")
            total = SUMS[sign](total, number)
            if not abs(total) < LARGEST:
                raise self._words.refused(f"numbers below {LARGEST:g} to calculate with")
        return Constant(total)

    def _signed(self) -> Node:
        sign = self._words.take("-", "+")
        if not sign:
            return self._bits()
        with self:
            node = self._number(self._operand(self._signed()))
        if sign == "+":
            return node
        if isinstance(node, Constant) and not isinstance(node.value, bytes):
            return Constant(-node.value)
        return Sum(Constant(0), ((sign, node),))

    def _bits(self) -> Node:
        node = self._primary()
        begin = self._words.at
        if isinstance(node, Column) and self._words.take("&"):
            mask = self._words.mask(node)
            if mask is not None:
                return Bits(self._digits(node), mask)
            self._words.at = begin
        return node

    def _primary(self) -> Node:
        if not self._words.take("("):
            return self._words.operand()
        with self:
            node = self._any()
        if not self._words.take(")"):
            raise self._words.refused("a closing bracket")
        return node

    def __enter__(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._words.refused(f"at most {DEEPEST} brackets within each other")

    def __exit__(self, *_: object) -> None:
        self._depth -= 1

    def _member(self, operand: Operand) -> Member:
        if not self._words.take("("):
            raise self._words.refused("in (VALUE, ...)", foreignwords.LIST)
        listed = []
        while True:
            value = self._signed()
            if not isinstance(value, Constant):
                raise self._words.refused("numbers or texts in the list of 'in'")
            listed.append(self._compared("==", operand, value))
            comma, closed = self._words.take(","), self._words.take(")")
            if closed:
                break
            if not comma:
                raise self._words.refused("a comma or a closing bracket")
        values = [test.right.value for test in listed if isinstance(test.right, Constant)]
        if len({isinstance(value, bytes) for value in values}) > 1:
            raise self._words.refused("numbers or texts, not both")
        return Member(listed[0].left, values)

    def _compared(self, sign: str, left: Operand, right: Operand) -> Comparison:
        """Return a comparison of like with like: text with text, else numbers, a number as exact as its column.

        Raises
        ------
        InputError
            When text stands beside a column of numbers, or no column is there.
        """
        if isinstance(left, Constant) and isinstance(right, Constant):
            raise self._words.refused("a column in every comparison")
        if is_text(left) and is_text(right):
            return Comparison(sign, left, right)
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Constant) and isinstance(one.value, bytes):
                name = other.field.name if isinstance(other, Column) else "it"
                what = f"{self._words.option.rstrip('=')} compares numbers with text: {name} holds numbers"
                told = one.value.decode()
                number = told if numbertext.read(told) is not None else "0"
                hint = f"Write numbers without quotes: {name} {sign} {number}."
                if isinstance(other, Column) and other.field.column.code == "L":
                    hint = f"Write {name} where it is true, not {name} where it is false."
                raise InputError(what, value=told, hint=hint)
        left, right = self._number(left), self._number(right)
        return Comparison(sign, rounded(left, right), rounded(right, left))

    def _number(self, operand: Operand) -> Operand:
        if isinstance(operand, Constant) and isinstance(operand.value, bytes):
            raise self._words.refused("numbers to calculate with", "Text can be compared only.")
        return self._digits(operand) if isinstance(operand, Column) else operand

    def _digits(self, column: Column) -> Column:
        return replace(column, digits=True) if column.field.text else column

    def _operand(self, node: Node) -> Operand:
        if isinstance(node, Pair):
            return Bits(self._digits(node.left), self._digits(node.right))
        if isinstance(node, (Constant, Column, Sum, Bits)):
            return node
        raise self._words.refused("a number", "A condition was compared or calculated with: join it by and, or.")

    def _test(self, node: Node) -> Test:
        if isinstance(node, Pair):
            return Joined([self._test(node.left), self._test(node.right)], every=True)
        if isinstance(node, Column) and node.text:
            name = node.field.name
            raise self._words.refused("a comparison", f"{name} holds text: write {name} == 'TEXT'.")
        if isinstance(node, (Column, Bits)):
            return Comparison("!=", node, Constant(0))
        if isinstance(node, Constant):
            hint = (
                "Write COLUMN == 1 or COLUMN == 2, or COLUMN in (1, 2). "
                "Bits are tested as COLUMN & 2, several as COLUMN & (2 | 4)."
            )
            raise self._words.refused("a column in every condition", hint)
        if isinstance(node, Sum):
            raise self._words.refused("a comparison", "Compare it with a number: A - B > 0.5.")
        return node
