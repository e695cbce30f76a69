"""What texts are made of: `dates` and `naming` put moments and people into words, `segments` counts what a text costs,
`templates` checks a clinic's own texts, `preview` shows all of them with an example's data.

`domain.wording` is what the rest of the domain uses.
"""
