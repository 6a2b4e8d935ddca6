"""Charts of a result, as Vega-Lite specs: one spec for the report's still picture and for the notebook's live one."""
