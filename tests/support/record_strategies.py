"""Hypothesis strategies for every record of the package, and its tables."""

import importlib
import math
import pkgutil
import types
import typing
from enum import Enum
from typing import Any

import annotated_types
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

import canigatti
from canigatti.config import (
    BACKBONES,
    Audit,
    Augmentation,
    Convolutional,
    Cosine,
    CountRange,
    EarlyStopping,
    Experiment,
    HeadSpace,
    LogRange,
    Photos,
    Plateau,
    Pretrained,
    RateRange,
    SearchSpec,
    Space,
    Spec,
    Split,
    Study,
    parse_study,
)
from canigatti.records import Record, Table

TEXT = st.text(max_size=8) | st.sampled_from(
    [
        "nan",
        "NA",
        "None",
        "",
        " ",
        "\r",
        "\n",
        "\r\n",
        '"',
        "''",
        ",",
        'a"b,c\n',
        "a\rb",
        "#",
        "007",
        "1e3",
        "true",
        "=1+1",
        "'quoted'",
        "@SUM(1)",
        "-1",
        "猫",
    ]
)
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.0, 2.2250738585072014e-308, 1 / 3, 123456789.12345679]
)
INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)

for module in pkgutil.walk_packages(canigatti.__path__, "canigatti."):
    if not module.name.endswith(("__main__", "training.callbacks")):  # the command line; and Keras, without records
        importlib.import_module(module.name)


def subclasses(base: type) -> list[type]:
    return [kind for child in base.__subclasses__() for kind in (child, *subclasses(child))]


def is_public(kind: type) -> bool:
    return kind.__module__.startswith("canigatti.") and not kind.__name__.startswith("_")


RECORDS = sorted((kind for kind in subclasses(Record) if is_public(kind)), key=lambda kind: kind.__qualname__)
TABLES = {
    f"{module.name}.{name}": value
    for module in pkgutil.walk_packages(canigatti.__path__, "canigatti.")
    if module.name.endswith(".records")
    for name, value in vars(importlib.import_module(module.name)).items()
    if isinstance(value, Table)
}


def record(kind: type[Record], **fixed: st.SearchStrategy) -> st.SearchStrategy:
    """Return a strategy of records whose fields have any values that their types allow; `fixed` overrides some."""
    if not fixed and kind in CONSISTENT:
        return CONSISTENT[kind]()
    fields = {name: fixed[name] if name in fixed else field_values(field) for name, field in kind.model_fields.items()}
    return st.builds(kind, **fields)


def field_values(field: FieldInfo) -> st.SearchStrategy:
    return values(field.annotation, tuple(field.metadata))


def values(annotation: Any, metadata: tuple = ()) -> st.SearchStrategy:
    """Return a strategy for a type; a type without one is an error, so that no record goes untested."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return values(arguments[0], (*flat(arguments[1:]), *metadata))
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin in (typing.Union, types.UnionType):
        return st.one_of([values(argument, metadata) for argument in arguments])
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(values(arguments[0]), min_size=bound(metadata, "min_length", 0), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, arguments))
    if origin is dict:
        return st.dictionaries(*map(values, arguments), min_size=bound(metadata, "min_length", 0), max_size=3)
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return record(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    scalars = {int: integers, float: floats, str: texts, bool: lambda _: st.booleans(), type(None): lambda _: st.none()}
    if annotation not in scalars:
        raise NotImplementedError(f"no strategy for {annotation}: add one to `values`")
    return scalars[annotation](metadata)


def flat(metadata: tuple) -> list:
    """Return metadata with the constraints inside pydantic's `Field` and groups unpacked."""
    unpacked: list = []
    for item in metadata:
        if isinstance(item, FieldInfo):
            unpacked += item.metadata
        else:
            unpacked.append(item)
    return unpacked


def bound(metadata: tuple, name: str, default: Any) -> Any:
    found = [value for item in flat(metadata) if (value := getattr(item, name, None)) is not None]
    return found[-1] if found else default


def integers(metadata: tuple) -> st.SearchStrategy:
    low, high = bound(metadata, "ge", -(2**63)), bound(metadata, "le", bound(metadata, "lt", 2**63) - 1)
    return st.integers(low, high) | st.integers(low, min(high, low + 50))


def floats(metadata: tuple) -> st.SearchStrategy:
    limits = {name: bound(metadata, name, None) for name in ("ge", "gt", "le", "lt")}
    if all(limit is None for limit in limits.values()):
        return FLOATS
    low, high = (
        next((limits[name] for name in names if limits[name] is not None), None)
        for names in ("ge gt", "le lt")
        for names in [names.split()]
    )
    return st.floats(
        low,
        high,
        exclude_min=limits["gt"] is not None,
        exclude_max=limits["lt"] is not None,
        allow_nan=False,
        allow_infinity=False,
    )


def texts(metadata: tuple) -> st.SearchStrategy:
    if pattern := bound(metadata, "pattern", None):
        return st.from_regex(pattern, fullmatch=True)
    return TEXT.filter(lambda text: len(text) >= bound(metadata, "min_length", 0))


RATES = floats((annotated_types.Ge(0), annotated_types.Lt(1)))


@st.composite
def ranges(draw, kind):
    low, high = sorted(draw(st.tuples(*[field_values(kind.model_fields["low"])] * 2)))
    step = draw(field_values(kind.model_fields["step"]))
    return kind(low=low, high=min(high, low + 5000 * step), step=step)  # a range has at most 10,000 values


@st.composite
def log_ranges(draw):
    low, ratio, count = draw(st.floats(1e-300, 1e290)), draw(st.floats(1.03, 1e6)), draw(st.integers(2, 1000))
    return LogRange(low=low, high=low * 1.1 * ratio, values=min(count, int(math.log(ratio) / math.log(1.03)) + 2))


POOLINGS = st.permutations(["flatten", "average"]).map(tuple)


@st.composite
def head_spaces(draw):
    units = st.lists(ranges(CountRange), min_size=1, max_size=3).map(tuple)
    pooling, dense_units = draw(st.tuples(POOLINGS, units | st.none()) | st.tuples(st.none(), units))
    return HeadSpace(pooling=pooling, dense_units=dense_units)


@st.composite
def spaces(draw, blocks=None, pretrained=None):
    """Spaces with at least one range, for any network, one of that many blocks, or a pretrained one."""
    blocks = blocks or draw(st.integers(1, 3))
    counts, rates = ranges(CountRange), ranges(RateRange)
    optional = {
        "optimizer": st.permutations(["sgd", "adam", "adamw", "rmsprop"]).map(tuple),
        "learning_rate": log_ranges(),
        "batch_size": st.lists(counts.map(lambda one: one.low), min_size=1, max_size=3, unique=True).map(tuple),
    }
    if pretrained is not True:
        optional |= {
            "filters": st.tuples(*[counts] * blocks),
            "kernel_size": counts,
            "dropout": st.tuples(*[rates] * (blocks + 1)),
            "dense_units": counts,
            "pooling": POOLINGS,
        }
    if pretrained is not False:
        optional["head"] = head_spaces()
    names = draw(st.sets(st.sampled_from(sorted(optional)), min_size=1))
    return Space(**{name: draw(optional[name]) for name in sorted(names)})


@st.composite
def convolutional(draw, blocks=None):
    blocks = blocks or draw(st.integers(1, 3))
    counts = st.integers(1, 2**31)
    filters, dropout = draw(st.tuples(*[counts] * blocks)), draw(st.tuples(*[RATES] * (blocks + 1)))
    return draw(record(Convolutional, filters=st.just(filters), dropout=st.just(dropout)))


@st.composite
def experiments(draw, kind):
    """Experiments, or specs, whose settings suit their networks."""
    blocks, pretrained = draw(st.integers(1, 3)), draw(st.booleans())
    if pretrained:
        color, network, unfreeze = st.just("rgb"), record(Pretrained), TEXT
    else:
        color, network, unfreeze = st.sampled_from(["rgb", "grayscale"]), convolutional(blocks), st.just("nothing")
    search = draw(st.none() | searches(blocks, pretrained))
    consistent = {"color": color, "network": network, "unfreeze": unfreeze, **draw(schedules(search))}
    weight, oversample = draw(st.sampled_from([(None, False), ("balanced", False), (None, True)]))
    consistent |= {"class_weight": st.just(weight), "oversample": st.just(oversample)}
    consistent |= {"train_fraction": st.just(1.0)} if search else {}
    return draw(record(kind, **consistent, **({"search": st.just(search)} if kind is Experiment else {})))


@st.composite
def searches(draw, blocks=None, pretrained=None):
    """Searches whose options suit their methods."""
    method, options = draw(st.sampled_from(["random", "halving", "bayesian"])), {}
    if method == "halving":
        factor, rungs = draw(st.none() | st.integers(2, 5)), draw(st.none() | st.integers(2, 4))
        options = {
            "factor": factor,
            "rungs": rungs,
            "epochs": (factor or 2) ** ((rungs or 4) - 1) + draw(st.integers(0, 99)),
        }
    if method == "bayesian":
        initial = draw(st.none() | st.integers(1, 20))
        options = {"initial_trials": initial, "trials": (initial or 5) + draw(st.integers(1, 99))}
        options["round_trials"] = draw(st.none() | st.integers(1, 9))
    own = dict.fromkeys(("factor", "rungs", "initial_trials", "round_trials"), None)
    fixed = {name: st.just(value) for name, value in {**own, **options, "method": method}.items()}
    return draw(record(canigatti.config.Search, space=spaces(blocks, pretrained), **fixed))


@st.composite
def schedules(draw, search):
    """Strategies of the fields that a schedule depends on, for an experiment with this search."""
    epochs, patience = draw(field_values(Spec.model_fields["epochs"])), draw(st.integers(1, 2**62))
    fewest = min(epochs, search.epochs) if search else epochs
    schedule = st.none() | record(Cosine, warmup_epochs=st.integers(0, fewest - 1))
    schedule |= record(Plateau, patience=st.integers(1, patience - 1)) if patience > 1 else st.none()
    return {
        "epochs": st.just(epochs),
        "early_stopping": st.just(EarlyStopping(patience=patience)),
        "schedule": schedule,
    }


@st.composite
def augmentations(draw):
    low, high = sorted(draw(st.tuples(*[st.floats(1e-300, 1e300)] * 2)))
    return draw(record(Augmentation, brightness=st.just((low, high))))


@st.composite
def splits(draw):
    train, validation = draw(st.floats(0.01, 0.49)), draw(st.floats(0.01, 0.49))
    return draw(
        record(Split, train=st.just(train), validation=st.just(validation), test=st.just(1 - train - validation))
    )


@st.composite
def studies(draw):
    """Configuration files with a fine-tuned and a searched experiment in optional groups, validated."""
    backbone = draw(st.sampled_from(BACKBONES))
    own = {"split": "half", "search": None, "start_from": None}
    plain, searched = (draw(experiments(Experiment)).model_dump(mode="json") | own for _ in range(2))
    transfer = {"split": "half", "network": {"backbone": backbone}}
    finetune = {"start_from": "transfer", "unfreeze": draw(TEXT), "group": draw(st.none() | st.just("extra"))}
    raw = {
        "study": draw(values(canigatti.config.basis.Name)),
        "classes": draw(st.none() | st.tuples(st.just("cat"), st.sampled_from(["dog", "猫", 'd"o,g'])).map(list)),
        "photos": draw(photos(generated=True)).model_dump(mode="json"),
        "splits": {"half": draw(splits()).model_dump(mode="json")},
        "defaults": draw(experiments(Experiment)).model_dump(mode="json") if draw(st.booleans()) else {},
        "experiments": {"plain": plain | {"group": None}, "searched": searched | {"group": "extra"}},
        "include": draw(st.sampled_from([[], ["extra"]])),
        "seeds": draw(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=3, unique=True)),
        "weights": dict.fromkeys(BACKBONES, "imagenet"),
        "audit": audit.model_dump(mode="json") if (audit := draw(st.none() | record(Audit))) else None,
    }
    if not raw["defaults"]:
        raw["experiments"] |= {"transfer": transfer, "finetune": finetune}
    return parse_study(raw, "generated")


@st.composite
def photos(draw, generated=None):
    source = None if (draw(st.booleans()) if generated is None else generated) else draw(TEXT.filter(len))
    sha256 = draw(field_values(Photos.model_fields["sha256"])) if source else None
    generate = None if source else draw(record(canigatti.config.GeneratedPhotos))
    groups = st.sampled_from([None, "groups.csv", "猫.CSV", r"(clip\d+)_", "(?:a|b)/(.)"]) if source else st.none()
    corrections = st.none() if generated else st.sampled_from([None, "corrections.csv", "猫.CSV"])  # files must exist
    fixed = {"source": st.just(source), "sha256": st.just(sha256), "generate": st.just(generate)}
    return draw(record(Photos, **fixed, groups=groups, corrections=corrections))


def learning_curves():
    """Learning curves with at least four fractions, such as 1/16 or 0.1, one of which is 1."""
    small = st.sampled_from([1 / 16, 1 / 8, 0.1, 0.25, 0.3333, 0.5, 0.75])
    fractions = st.lists(small, min_size=3, max_size=5, unique=True).map(lambda some: (*sorted(some), 1.0))
    seeds = st.none() | st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=3, unique=True).map(tuple)
    return record(canigatti.config.LearningCurve, fractions=fractions, seeds=seeds)


# Records with validators that compare fields: their strategies build consistent ones.
CONSISTENT = {
    CountRange: lambda: ranges(CountRange),
    RateRange: lambda: ranges(RateRange),
    LogRange: log_ranges,
    HeadSpace: head_spaces,
    Space: spaces,
    Convolutional: convolutional,
    Audit: lambda: record(Audit, backbone=st.sampled_from(BACKBONES)),
    Pretrained: lambda: record(Pretrained, backbone=st.sampled_from(BACKBONES)),
    Spec: lambda: experiments(Spec),
    Experiment: lambda: experiments(Experiment),
    canigatti.config.Search: searches,
    SearchSpec: lambda: record(SearchSpec, experiment=experiments(Spec)),
    Augmentation: augmentations,
    Split: splits,
    Photos: photos,
    Study: studies,
    canigatti.config.LearningCurve: learning_curves,
}
