"""``grapevine kb``: the question-and-answer base from the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from knowledge.types import ContentChanges, EntryContent, EntryFilter, Order, Status
from retrieval.types import Lang
from web.cli import kb_transfer
from web.cli._context import open_store
from web.cli.kb_views import (
    entry_json,
    print_entries,
    print_entry,
    print_history,
    print_json,
    print_table,
)
from web.cli.options import Author, Json
from web.cli.terminal import expected_errors, fail

app = typer.Typer(
    name="kb",
    help="Look at, edit, import, export and back up the question-and-answer base.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
kb_transfer.register(app)

EntryId = Annotated[str, typer.Argument(metavar="ID", help="Id of the entry.")]
EntryIds = Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of the entries.")]
Question = Annotated[str | None, typer.Option(help="The question.")]
Answer = Annotated[str | None, typer.Option(help="The answer, word for word.")]
Alternative = Annotated[
    list[str] | None, typer.Option(help="Another way to ask it; may be given several times.")
]
LangOption = Annotated[
    Lang | None, typer.Option(help="Language; told by the script of the question where not given.")
]
Topic = Annotated[str | None, typer.Option(help="Topic; empty takes it away.")]
ValidFrom = Annotated[
    str | None, typer.Option(help="Answered from this time or day on; empty takes it away.")
]
ValidTo = Annotated[
    str | None, typer.Option(help="Answered until this time, or to the end of this day.")
]
TranslationOf = Annotated[
    str | None, typer.Option(help="Id of the entry that this one translates; empty takes it away.")
]
BaseRevision = Annotated[
    int | None, typer.Option(help="Refuse the change if the entry is no longer at this revision.")
]


@app.command("list")
def list_entries(
    text: Annotated[str | None, typer.Option(help="Only entries that hold this text.")] = None,
    lang: Annotated[Lang | None, typer.Option(help="Only of this language.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only of this status.")] = None,
    topic: Annotated[str | None, typer.Option(help="Only entries of this topic.")] = None,
    deleted: Annotated[bool, typer.Option(help="The deleted ones instead.")] = False,
    order: Annotated[Order, typer.Option(help="What to sort by.")] = "id",
    offset: Annotated[int, typer.Option(min=0, help="Leave out so many.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Show at most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """List entries."""
    wanted = EntryFilter(text=text, lang=lang, status=status, topic=topic, deleted=deleted)
    with expected_errors(), open_store() as store:
        page = store.list(wanted, order=order, offset=offset, limit=limit)
    if as_json:
        print_json({
            "total": page.total, "offset": page.offset, "limit": page.limit,
            "entries": [entry_json(entry) for entry in page.items],
        })  # fmt: skip
        return
    print_entries(page.items)
    first = page.offset + 1 if page.items else 0
    typer.echo(f"{first}-{page.offset + len(page.items)} of {page.total}")


@app.command()
def show(
    entry_id: EntryId,
    revision: Annotated[
        int | None, typer.Option(help="An older revision instead of the newest.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show one entry, deleted or not."""
    with expected_errors(), open_store() as store:
        if revision is None:
            entry = store.get(entry_id, deleted=True)
        else:
            past = {one.revision: one for one in store.history(entry_id)}
            if revision not in past:
                raise fail(
                    f"entry {entry_id!r} has no revision {revision}; it has 1 to {max(past)}"
                )
            entry = past[revision]
    if as_json:
        print_json(entry_json(entry))
    else:
        print_entry(entry)


@app.command()
def add(
    question: Annotated[str, typer.Option(help="The question.")],
    answer: Annotated[str, typer.Option(help="The answer, word for word.")],
    entry_id: Annotated[
        str | None, typer.Option("--id", help="Id; made from the question where not given.")
    ] = None,
    alternative: Alternative = None,
    lang: LangOption = None,
    topic: Topic = None,
    publish: Annotated[bool, typer.Option("--publish", help="Publish it at once.")] = False,
    valid_from: ValidFrom = None,
    valid_to: ValidTo = None,
    translation_of: TranslationOf = None,
    author: Author = "cli",
    as_json: Json = False,
) -> None:
    """Add an entry, as a draft unless told otherwise."""
    from knowledge.transfer.cells import detect_lang

    content = EntryContent(
        lang=lang or detect_lang(question),
        question=question,
        answer=answer,
        alternatives=tuple(alternative or ()),
        topic=topic,
        status="published" if publish else "draft",
        valid_from=_time("--valid-from", valid_from),
        valid_to=_time("--valid-to", valid_to),
        translation_of=translation_of,
    )
    with expected_errors(), open_store() as store:
        entry = store.create(content, author=author, entry_id=entry_id)
        for warning in store.warnings(entry.content, entry.id):
            typer.echo(f"warning: {warning}", err=True)
    if as_json:
        print_json(entry_json(entry))
    else:
        typer.echo(f"{entry.id}: added as {entry.status}")


@app.command()
def edit(
    entry_id: EntryId,
    question: Question = None,
    answer: Answer = None,
    alternative: Alternative = None,
    lang: LangOption = None,
    topic: Topic = None,
    valid_from: ValidFrom = None,
    valid_to: ValidTo = None,
    translation_of: TranslationOf = None,
    base_revision: BaseRevision = None,
    author: Author = "cli",
    as_json: Json = False,
) -> None:
    """Change fields of an entry; those not named stay. Given alternatives replace the old ones."""
    changes: ContentChanges = {}
    if question is not None:
        changes["question"] = question
    if answer is not None:
        changes["answer"] = answer
    if alternative is not None:
        changes["alternatives"] = tuple(text for text in alternative if text)
    if lang is not None:
        changes["lang"] = lang
    if topic is not None:
        changes["topic"] = topic or None
    if valid_from is not None:
        changes["valid_from"] = _time("--valid-from", valid_from)
    if valid_to is not None:
        changes["valid_to"] = _time("--valid-to", valid_to)
    if translation_of is not None:
        changes["translation_of"] = translation_of or None
    if not changes:
        raise fail("nothing to change: name at least one field, such as --answer", 2)
    with expected_errors(), open_store() as store:
        entry = store.edit(entry_id, author=author, base_revision=base_revision, **changes)
        for warning in store.warnings(entry.content, entry.id):
            typer.echo(f"warning: {warning}", err=True)
    if as_json:
        print_json(entry_json(entry))
    else:
        typer.echo(f"{entry.id}: now at revision {entry.revision}")


@app.command()
def publish(entry_ids: EntryIds, author: Author = "cli") -> None:
    """Give entries to visitors."""
    _set_status(entry_ids, "published", author)


@app.command()
def disable(entry_ids: EntryIds, author: Author = "cli") -> None:
    """Keep entries from visitors, without deleting them."""
    _set_status(entry_ids, "disabled", author)


@app.command()
def draft(entry_ids: EntryIds, author: Author = "cli") -> None:
    """Take entries back to being drafts."""
    _set_status(entry_ids, "draft", author)


@app.command()
def delete(entry_ids: EntryIds, author: Author = "cli") -> None:
    """Delete entries; 'kb restore' brings them back."""
    with expected_errors(), open_store() as store:
        for entry_id in entry_ids:
            store.delete(entry_id, author=author)
            typer.echo(f"{entry_id}: deleted; 'grapevine kb restore {entry_id}' brings it back")


@app.command()
def restore(
    entry_id: EntryId,
    revision: Annotated[
        int | None,
        typer.Argument(help="The revision to go back to; without it, the last change is undone."),
    ] = None,
    author: Author = "cli",
) -> None:
    """Bring back a deleted entry or an older revision; the history stays whole."""
    with expected_errors(), open_store() as store:
        entry = store.restore(entry_id, revision, author=author)
    typer.echo(f"{entry.id}: now at revision {entry.revision}, {entry.status}")


@app.command()
def history(entry_id: EntryId, as_json: Json = False) -> None:
    """Show all revisions of an entry, newest first."""
    with expected_errors(), open_store() as store:
        past = store.history(entry_id)
    if as_json:
        print_json([entry_json(entry) for entry in past])
    else:
        print_history(past)


@app.command()
def stats(as_json: Json = False) -> None:
    """Count entries by status, language and topic."""
    with expected_errors(), open_store() as store:
        found = store.stats()
        change = store.last_change()
    if as_json:
        print_json(found | {"last_change": change})
        return
    print_table(
        ("what", "which", "entries"),
        [
            (kind, name or "-", count)
            for kind, counts in found.items()
            for name, count in counts.items()
        ],
    )
    typer.echo(f"last change: {change}")


def _set_status(entry_ids: list[str], status: Status, author: str) -> None:
    with expected_errors(), open_store() as store:
        for entry_id in entry_ids:
            entry = store.set_status(entry_id, status, author=author)
            typer.echo(f"{entry.id}: {entry.status}, revision {entry.revision}")


def _time(option: str, text: str | None) -> datetime | None:
    from knowledge.transfer.cells import BadCell, parse_time

    if not text:
        return None
    try:
        return parse_time(text, end=option == "--valid-to")
    except BadCell as error:
        raise fail(f"{option}: {error.what}; {error.remedy}", 2) from error
