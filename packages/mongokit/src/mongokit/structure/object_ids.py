"""Whether an ObjectId, which is made where a document has no ``_id``, is what a structure takes there."""

from __future__ import annotations

from bson import ObjectId

from mongokit.structure import nodes

__all__ = ["expected", "takes_object_id"]


def takes_object_id(node: nodes.Node) -> bool:
    """Return whether the structure lets an ObjectId be at a place."""
    match node:
        case nodes.AnyNode():
            return True
        case nodes.TypeNode():
            return issubclass(ObjectId, node.type)
        case nodes.CustomNode():
            return issubclass(ObjectId, (node.custom.mongo_type, node.custom.python_type))
        case nodes.OperatorNode():
            try:
                return bool(node.operator.validate(ObjectId()))
            except Exception:  # noqa: BLE001 (whatever an application wrote)
                # An application's own, written for the values that it knows.
                return False
    return False


def expected(node: nodes.Node) -> str:
    """Return what is to be at a place, as messages say it."""
    match node:
        case nodes.TypeNode():
            return node.type.__name__
        case nodes.CustomNode():
            return str(node.custom.python_type.__name__)
        case nodes.OperatorNode():
            return str(node.operator)
        case nodes.ReferenceNode():
            return "a reference"
        case nodes.ListNode() | nodes.TupleNode():
            return "a list"
    return "a dict"
