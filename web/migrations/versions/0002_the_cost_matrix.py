"""the cost matrix

Revision: 0002, after 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    op.create_table(
        "cost_matrices",
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("matrix", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(length=100), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_cost_matrices")),
    )


def downgrade() -> None:
    op.drop_table("cost_matrices")
