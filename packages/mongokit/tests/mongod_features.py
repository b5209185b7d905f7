"""What MongoDB does, each as a small program that returns whether this server does it.

The reference page of the embedded server has the same names: a test compares them.
"""

from __future__ import annotations

import threading

from bson import Code, CodecOptions, DatetimeMS, DBRef, Decimal128
from bson.codec_options import DatetimeConversion
from pymongo.errors import DuplicateKeyError, OperationFailure


def _points(collection, index):
    collection.create_index([("place", index)])
    at = {"2d": lambda n: [n, 0], "2dsphere": lambda n: {"type": "Point", "coordinates": [n, 0]}}[index]
    collection.insert_many([{"_id": n, "place": at(n)} for n in (3, 1, 2)])
    return at(0)


def array_path(db):
    db.c.insert_one({"items": [{"price": 1}, {"price": 2}]})
    return next(db.c.aggregate([{"$project": {"_id": 0, "p": "$items.price"}}])) == {"p": [1, 2]}


def near(db):
    here = _points(db.c, "2dsphere")
    return [found["_id"] for found in db.c.find({"place": {"$near": {"$geometry": here}}})] == [1, 2, 3]


def near_2d(db):
    here = _points(db.c, "2d")
    return [found["_id"] for found in db.c.find({"place": {"$near": here}})] == [1, 2, 3]


def capped(db):
    db.create_collection("c", capped=True, size=4096, max=2)
    db.c.insert_many([{"_id": n} for n in range(4)])
    return db.c.count_documents({}) == 2


def map_reduce(db):
    db.c.insert_many([{"a": 1}, {"a": 1}])
    functions = {
        "map": Code("function(){emit(this.a, 1)}"),
        "reduce": Code("function(k, v){return Array.sum(v)}"),
    }
    return db.command("mapReduce", "c", **functions, out={"inline": 1})["results"] == [{"_id": 1, "value": 2}]


def text_index(db):
    db.c.create_index([("text", "text")])
    db.c.insert_one({"text": "hello world"})
    return db.c.count_documents({"$text": {"$search": "hello"}}) == 1


def hashed_index(db):
    return db.c.create_index([("a", "hashed")]) == "a_hashed"


def where(db):
    db.c.insert_many([{"a": 1}, {"a": 2}])
    return len(list(db.c.find({"$where": "this.a == 1"}))) == 1


def javascript(db):
    db.c.insert_one({"a": 1})
    body = {"body": "function(a){return a + 1}", "args": ["$a"], "lang": "js"}
    return next(db.c.aggregate([{"$project": {"_id": 0, "b": {"$function": body}}}])) == {"b": 2}


def db_hash(db):
    db.c.insert_one({})
    return "c" in db.command("dbHash")["collections"]


def in_a_reference(*queries):
    """Return a program that looks for parts of a DBRef."""

    def does(db):
        db.c.insert_one({"e": DBRef("o", 1, "d"), "l": [DBRef("o", 1)]})
        return [db.c.count_documents(query) for query in queries] == [1] * len(queries)

    return does


def reference_as_id(db):
    id_ = DBRef("o", 1)
    db.c.insert_one({"_id": id_})
    return db.c.find_one({"_id": id_}) == {"_id": id_}


def nan_as_id(db):
    nan = float("nan")
    db.c.insert_one({"_id": nan})
    return db.c.replace_one({"_id": nan}, {"_id": nan, "a": 1}).matched_count == 1


def late(db):
    when = DatetimeMS(2**48)
    db.c.insert_one({"when": when})
    later = db.c.with_options(CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS))
    return later.find_one({}, {"_id": 0}) == {"when": when}


def again_2dsphere(db):
    db.c.create_index([("place", "2dsphere")])
    return db.c.create_index([("place", "2dsphere")]) == "place_2dsphere"


def indexed_reference(db):
    db.c.create_index("e")
    db.c.insert_one({"_id": 1, "e": DBRef("o", 1)})
    return db.c.count_documents({"e": DBRef("o", 1)}) == 1


def distinct_in_list(db):
    db.c.insert_one({"items": [{"sku": "a"}, {"sku": "b"}]})
    return sorted(db.c.distinct("items.sku")) == ["a", "b"]


def distinct_numbers(db):
    db.c.insert_many([{"v": 1}, {"v": 1.0}, {"v": Decimal128("1")}])
    return len(db.c.distinct("v")) == 1


def set_in_list(db):
    db.c.insert_one({"_id": 1, "items": [{"a": 1}, {"a": 2}]})
    found = next(db.c.aggregate([{"$set": {"items.z": 1}}]))
    return [each.get("z") for each in found["items"]] == [1, 1]


def unset_in_list(db):
    db.c.insert_one({"_id": 1, "items": [{"a": 1, "b": 1}, {"a": 2, "b": 1}]})
    return next(db.c.aggregate([{"$unset": "items.a"}]))["items"] == [{"b": 1}, {"b": 1}]


def updated_in_list(db):
    db.c.insert_one({"_id": 1, "items": [{"a": 1}, {"a": 2}]})
    db.c.update_one({}, [{"$set": {"items.z": 1}}])
    return db.c.find_one()["items"] == [{"a": 1, "z": 1}, {"a": 2, "z": 1}]


def element_of_path(db):
    db.c.insert_one({"_id": 1, "items": [{"q": 1}, {"q": 2}]})
    return next(db.c.aggregate([{"$project": {"q": {"$arrayElemAt": ["$items.q", 1]}}}])) == {
        "_id": 1,
        "q": 2,
    }


def in_path(db):
    db.c.insert_one({"items": [{"price": 1}, {"price": 2}]})
    return db.c.count_documents({"$expr": {"$in": [2, "$items.price"]}}) == 1


def post_images(db):
    db.create_collection("c", changeStreamPreAndPostImages={"enabled": True})
    db.c.insert_one({"_id": 1, "n": 1})
    with db.c.watch(full_document="whenAvailable") as changes:
        db.c.update_one({}, {"$set": {"n": 2}})
        db.c.update_one({}, {"$set": {"n": 3}})
        return [next(changes)["fullDocument"]["n"] for _ in range(2)] == [2, 3]


def two_lists(db):
    db.c.create_index([("a", 1), ("b", 1)])
    try:
        db.c.insert_one({"a": [1], "b": [2]})
    except OperationFailure as error:
        return error.code == 171
    return False


def counted_lookup(db):
    db.c.insert_one({"_id": 1})
    stage = {"from": "c", "pipeline": [{"$count": "n"}], "as": "found"}
    return next(db.c.aggregate([{"$lookup": stage}])) == {"_id": 1, "found": [{"n": 1}]}


def too_large(db):
    db.c.insert_one({"_id": 1, "a": "x" * 9_000_000})
    try:
        db.c.find_one_and_update({}, {"$set": {"b": "x" * 9_000_000}})
    except OperationFailure as error:
        return error.code != 1
    return False


IGNORING_CASE = {"locale": "en", "strength": 2}
NOT_FOR_VIEWS = 166
"""MongoDB's error code."""


def merge_validated(db):
    db.create_collection("c", validator={"$jsonSchema": {"required": ["a"]}})
    db.o.insert_one({"_id": 1})
    try:
        db.o.aggregate([{"$merge": "c"}])
    except OperationFailure as error:
        return error.code == 121
    return False


def refused_by_a_view(*operations):
    """Return a program that does what no view takes."""

    def does(db):
        db.c.insert_one({"_id": 1})
        db.create_collection("seen", viewOn="c", pipeline=[])
        codes = []
        for operation in operations:
            try:
                operation(db.seen)
            except OperationFailure as error:
                codes.append(error.code)
        return codes == [NOT_FOR_VIEWS] * len(operations)

    return does


def default_collation(db):
    db.create_collection("c", collation=IGNORING_CASE)
    db.c.insert_many([{"s": "a"}, {"s": "A"}])
    return len(list(db.c.find({"s": "a"}))) == db.c.count_documents({"s": "a"}) == 2


def collation_of_ids(db):
    db.c.insert_many([{"_id": "a"}, {"_id": "A"}])
    queries = [{"_id": "a"}, {"_id": {"$in": ["a"]}}]
    return [len(list(db.c.find(query).collation(IGNORING_CASE))) for query in queries] == [2, 2]


def unique_ids_by_collation(db):
    db.create_collection("c", collation=IGNORING_CASE)
    db.c.insert_one({"_id": "a"})
    try:
        db.c.insert_one({"_id": "A"})
    except DuplicateKeyError:
        return True
    return False


def unique_index_by_collation(db):
    db.create_collection("c", collation=IGNORING_CASE)
    db.c.create_index("s", unique=True)
    db.c.insert_one({"s": "a"})
    try:
        db.c.insert_one({"s": "A"})
    except DuplicateKeyError:
        return True
    return False


def _view(db, **options):
    """A view of those of three documents that are in use."""
    db.c.insert_many([{"_id": n, "s": s, "on": n < 3} for n, s in enumerate("aAb", 1)])
    db.create_collection("seen", viewOn="c", pipeline=[{"$match": {"on": True}}], **options)
    return db.seen


def distinct_in_view(db):
    return sorted(_view(db).distinct("s")) == ["A", "a"]


def joined_view(db):
    _view(db)
    start = {"$match": {"_id": 1}}
    looked_up = {"from": "seen", "localField": "s", "foreignField": "s", "as": "found"}
    graph = {
        "from": "seen",
        "startWith": "$s",
        "connectFromField": "s",
        "connectToField": "s",
        "as": "found",
    }
    joins = [{"$lookup": looked_up}, {"$graphLookup": graph}]
    found = [len(next(db.c.aggregate([start, join]))["found"]) for join in joins]
    return found == [1, 1] and len(list(db.c.aggregate([{"$unionWith": "seen"}]))) == 5


def collation_of_view(db):
    return len(list(_view(db, collation=IGNORING_CASE).find({"s": "a"}))) == 2


def positional_projection(db):
    db.c.insert_one({"_id": 1, "items": [{"a": 1}, {"a": 2}]})
    change = {"$set": {"n": 1}}
    found = db.c.find_one_and_update({"items.a": 2}, change, projection={"_id": 0, "items.$": 1})
    return found == {"items": [{"a": 2}]}


DROPS, DROPPING = 400, 3


def dropped_for_good(db):
    undone, left = [], [DROPS]

    def make_and_drop(number):
        while left[0] > 0 and not undone:
            left[0] -= 1
            name = f"c{number}_{left[0]}"
            db.create_collection(name)
            if left[0] % 2:
                db[name].rename(f"{name}_renamed")
                db.drop_collection(f"{name}_renamed")
            else:
                db[name].drop()
            undone.extend(db.list_collection_names(filter={"name": name}))

    threads = [threading.Thread(target=make_and_drop, args=(number,)) for number in range(DROPPING)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return not undone and not db.list_collection_names()


LACKING = {
    "`$project` and `$group` with `'$items.price'`, where `items` is a list of sub-documents": array_path,
    "`$near`, nearest first, with a `2dsphere` index": near,
    "`$near`, nearest first, with a `2d` index": near_2d,
    "capped collections": capped,
    "`mapReduce`": map_reduce,
    "text indexes and `$text`": text_index,
    "hashed indexes": hashed_index,
    "`$where`": where,
    "`$function` and `$accumulator`": javascript,
    "`dbHash`": db_hash,
    "`'e.$id'`, `'e.$ref'` and `'e.$db'` in a query, where `e` is a DBRef": in_a_reference(
        {"e.$id": 1}, {"e.$id": {"$in": [1]}}, {"e.$ref": "o"}, {"e.$db": "d"}
    ),
    "`'l.$id'` in a query, where `l` is a list of DBRefs": in_a_reference({"l.$id": 1}),
    "a DBRef as `_id`": reference_as_id,
    "an index of a field that holds a DBRef": indexed_reference,
    "creating a `2dsphere` index that is there": again_2dsphere,
    "replacing a document whose `_id` is NaN": nan_as_id,
    "a date after the year 9999 (`DatetimeMS`)": late,
    "`distinct('items.sku')`, where `items` is a list of sub-documents": distinct_in_list,
    "`distinct` taking 1 and `Decimal128('1')` for one value": distinct_numbers,
    "`$set` of `items.z` in an aggregation, where `items` is a list of sub-documents": set_in_list,
    "`$unset` of `items.a` in an aggregation, where `items` is a list of sub-documents": unset_in_list,
    "`$set` of `items.z` in an update by a pipeline, where `items` is a list of sub-documents": updated_in_list,
    "`$arrayElemAt` of `'$items.q'`, where `items` is a list of sub-documents": element_of_path,
    "`$in` with `'$items.price'` in `$expr`, where `items` is a list of sub-documents": in_path,
    "post-images (`full_document='whenAvailable'`) of the change they come with": post_images,
    "refusing documents with two lists under a compound index": two_lists,
    "`$count` in the pipeline of a `$lookup`": counted_lookup,
    "saying of a document that a `findAndModify` makes larger than 16 MB that it is": too_large,
    "asking the validator of a collection that `$merge` writes to": merge_validated,
    "refusing to insert into a view": refused_by_a_view(lambda view: view.insert_one({})),
    "refusing to change or delete in a view": refused_by_a_view(
        lambda view: view.update_one({}, {"$set": {"a": 1}}), lambda view: view.delete_one({})
    ),
    "refusing an index of a view": refused_by_a_view(lambda view: view.create_index("a")),
    "the default collation of a collection in its queries": default_collation,
    "a collation in a query for an `_id`": collation_of_ids,
    "unique `_id`s by the default collation of a collection": unique_ids_by_collation,
    "a unique index by the default collation of a collection": unique_index_by_collation,
    "`distinct` of a view": distinct_in_view,
    "`$lookup`, `$graphLookup` and `$unionWith` from a view": joined_view,
    "the collation of a view": collation_of_view,
    "`{'items.$': 1}` as the projection of a `findAndModify`": positional_projection,
    "`drop()` and `rename()` in the moment in which `create_collection()` makes another one": dropped_for_good,
}
"""What the embedded server does not do: silently nothing or something else, or with an error."""


def transactions(db):
    db.c.insert_one({"_id": 0})
    with db.client.start_session() as session:
        session.start_transaction()
        db.c.insert_one({"_id": 1}, session=session)
        unseen = db.c.count_documents({}) == 1
        session.abort_transaction()
    return unseen and db.c.count_documents({}) == 1


def change_streams(db):
    with db.c.watch() as changes:
        db.c.insert_one({"_id": 1})
        return next(changes)["fullDocument"] == {"_id": 1}


def geo_near(db):
    here = _points(db.c, "2dsphere")
    stage = {"near": here, "distanceField": "far", "spherical": True}
    return [found["_id"] for found in db.c.aggregate([{"$geoNear": stage}])] == [1, 2, 3]


def unique_index(db):
    db.c.create_index("a", unique=True, partialFilterExpression={"a": {"$gt": 0}})
    db.c.insert_many([{"a": 0}, {"a": 0}, {"a": 1}])
    try:
        db.c.insert_one({"a": 1})
    except DuplicateKeyError as error:
        return error.details["keyPattern"] == {"a": 1}
    return False


def collation(db):
    db.c.insert_one({"a": "x"})
    found = db.c.find_one({"a": "X"}, collation=IGNORING_CASE)
    db.c.create_index("a", unique=True, collation=IGNORING_CASE)
    try:
        db.c.insert_one({"a": "X"})
    except DuplicateKeyError:
        return found is not None
    return False


def validator(db):
    db.create_collection("c", validator={"$jsonSchema": {"required": ["a"]}})
    try:
        db.c.insert_one({})
    except OperationFailure as error:
        return error.code == 121
    return False


def lookup(db):
    db.c.insert_many([{"_id": 1, "to": 2}, {"_id": 2}])
    stage = {"from": "c", "localField": "to", "foreignField": "_id", "as": "found"}
    return next(db.c.aggregate([{"$match": {"_id": 1}}, {"$lookup": stage}]))["found"] == [{"_id": 2}]


def windows(db):
    db.c.insert_many([{"_id": n, "a": n} for n in (1, 2, 3)])
    window = {
        "sortBy": {"_id": 1},
        "output": {"sum": {"$sum": "$a", "window": {"documents": ["unbounded", "current"]}}},
    }
    return [found["sum"] for found in db.c.aggregate([{"$setWindowFields": window}])] == [1, 3, 6]


def array_filters(db):
    db.c.insert_one({"_id": 1, "l": [{"v": 1}, {"v": 2}]})
    db.c.update_one({}, {"$set": {"l.$[x].v": 9}}, array_filters=[{"x.v": 1}])
    return db.c.find_one() == {"_id": 1, "l": [{"v": 9}, {"v": 2}]}


def views(db):
    db.c.insert_many([{"a": 1}, {"a": 2}])
    db.create_collection("seen", viewOn="c", pipeline=[{"$match": {"a": 2}}])
    return db.seen.count_documents({}) == 1


WORKING = {
    "transactions": transactions,
    "change streams": change_streams,
    "`$geoNear`": geo_near,
    "unique and partial indexes": unique_index,
    "collations of an operation or an index": collation,
    "`$jsonSchema` validators": validator,
    "`$lookup`": lookup,
    "`$setWindowFields`": windows,
    "array filters": array_filters,
    "views that `find()` reads": views,
}
"""What it does as MongoDB does."""
