"""The two documents of the race, as plain values: a flat Talk, and an Order with ten sub-documents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = ["ORDER", "SHAPES", "TALK", "Shape"]


@dataclass(frozen=True)
class Shape:
    """A kind of document: ``key`` is the field that tells two of them apart, ``samples`` are values to store."""

    name: str
    collection: str
    key: str
    samples: tuple[dict[str, Any], ...]


def _talk(number: int) -> dict[str, Any]:
    return {
        "topic": f"Talk {number:04}: what a dictionary with a structure is all good for",
        "when": datetime(2010, 3, 1 + number % 28, 9, 30),  # noqa: DTZ001 (what PyMongo gives back by default)
        "tags": ["mongodb", "python", "django"],
        "duration": 42.5 + number,
    }


def _order(number: int) -> dict[str, Any]:
    return {
        "reference": f"A-2010-{number:06}",
        "number": number,
        "status": "shipped",
        "created": datetime(2010, 3, 1 + number % 28, 9, 30),  # noqa: DTZ001 (as above)
        "updated": datetime(2010, 4, 1 + number % 28, 17, 5),  # noqa: DTZ001 (as above)
        "paid": number % 2 == 0,
        "currency": "EUR",
        "total": 1234.5 + number,
        "tax": 197.1,
        "shipping": 9.9,
        "discount": 0.0,
        "weight": 12.75,
        "priority": 3,
        "customer": "Anita Test",
        "email": "anita@example.com",
        "phone": "+46 8 555 0100",
        "street": "Storgatan 1",
        "city": "Stockholm",
        "postcode": "111 22",
        "country": "SE",
        "language": "sv",
        "source": "newsletter",
        "comment": "Leave it with the neighbour on the second floor, please: the bell at our door is broken, and nobody is at home "
        "before six. Call first; a message will do. Thank you!",
        "tags": ["express", "gift"],
        "items": [
            {
                "sku": f"SKU-{number:04}-{item:02}",
                "name": f"Article no. {item}",
                "quantity": item + 1,
                "price": 9.95,
            }
            for item in range(10)
        ],
    }


TALK = Shape("Talk", "talks", "topic", tuple(_talk(number) for number in range(100)))
ORDER = Shape("Order", "orders", "reference", tuple(_order(number) for number in range(100)))
SHAPES = (TALK, ORDER)
