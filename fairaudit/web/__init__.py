"""The local page: an audit by hand, in a browser, on one's own machine.

``server`` starts it · ``app`` every address · ``site`` the start · ``steps`` and ``runs`` of an audit · ``security``
who may ask · ``uploads`` files as they stream in · ``drafts`` what is known of each audit · ``guessing`` and ``forms``
columns, questions and answers · ``jobs`` one process a piece of work · ``worker`` what runs in it · ``pages`` looks.
"""
