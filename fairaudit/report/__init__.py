"""Reports: a result's records as HTML, Markdown and CSV. Nothing here computes a statistic.

``nodes`` the parts of a report · ``tree`` a result laid out in those parts (``overview`` what stands first,
``groups`` one section an attribute, ``background`` what a reader checks last) · ``words`` numbers as people
read them · ``html`` and ``markdown`` the two renderings · ``tables`` CSV files and the notebook's table.
"""

from .html import to_html
from .markdown import to_markdown
from .nodes import Report
from .tables import key_table_html, to_csv_files
from .tree import report_tree

__all__ = ["Report", "key_table_html", "report_tree", "to_csv_files", "to_html", "to_markdown"]
