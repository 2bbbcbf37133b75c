"""The web application: the page, its style and script, and one address that predicts the photo in the request."""

from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from canigatti.files import printable
from canigatti.pages import template_environment
from canigatti.photos.archives import MEMBER_LIMIT
from canigatti.prediction.loading import Predictor
from canigatti.prediction.serving.engine import Engine
from canigatti.prediction.serving.guard import LocalOnly
from canigatti.prediction.serving.records import PhotoAnswer
from canigatti.prediction.serving.uploads import ByteBudget, RefusedUpload, declared_length, read_body

_FOLDER = Path(__file__).parent
_LONGEST_NAME = 255  # characters of a file name, as in most file systems


def create_application(engine: Engine, page: str) -> Starlette:
    """Return the application.

    Args:
        engine: predicts the photos.
        page: as :func:`render_page` returns it.
    """
    files = {"/": (page, "text/html"), "/style.css": (_read("style.css"), "text/css")}
    files["/page.js"] = (_read("page.js"), "text/javascript")
    routes = [Route(path, partial(_send, content, kind)) for path, (content, kind) in files.items()]
    predict = partial(_predict, engine, ByteBudget(MEMBER_LIMIT))
    return Starlette(routes=[*routes, Route("/predict", predict, methods=["POST"])], middleware=[Middleware(LocalOnly)])


def render_page(predictor: Predictor, model: Path, max_error: float | None) -> str:
    """Return the page as HTML; the photos that are dropped on it are added by its script.

    Args:
        predictor: the model.
        model: its file.
        max_error: the promised fraction of wrong answers; None if every photo is answered.
    """
    return (
        template_environment(_FOLDER)
        .get_template("page.html.j2")
        .render(
            model=printable(str(model)),
            classes=[printable(name) for name in predictor.classes],
            square=predictor.square,
            rules=predictor.rules,
            max_error=max_error,
            max_bytes=MEMBER_LIMIT,
        )
    )


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


async def _send(content: str, kind: str, request: Request) -> Response:
    return Response(content, media_type=kind)


async def _predict(engine: Engine, budget: ByteBudget, request: Request) -> Response:
    """Answer with a :class:`PhotoAnswer` in JSON; the body of the request is the photo, its query has the `name`."""
    name = printable(request.query_params.get("name", ""))[:_LONGEST_NAME]
    try:
        length = declared_length(request)
        async with budget.reserve(length):
            photo = await engine.decode(await read_body(request))
        if isinstance(photo, str):
            raise RefusedUpload(422, photo)
        return _as_json(await engine.predict(name, photo))
    except RefusedUpload as refusal:
        return _as_json(PhotoAnswer(name=name, error=printable(refusal.reason)), refusal.status)


def _as_json(answer: PhotoAnswer, status: int = 200) -> Response:
    return Response(answer.to_json(), status, media_type="application/json")
