"""`replyes doctor`: ask every part, and name each fault with its cure. Read from top to bottom.

setup         what the settings say, also where some of them are wrong
asking        the one HTTP client, which also looks at each host's clock
parts         what is asked of whom, side by side, each within its time
public_url    can Cal.com and the carrier reach us?
examination   all of it, in order; and putting the webhook in Cal.com right
telling       the findings as lines, or as a document
consultation  look, tell, and put right what somebody agrees to
"""

from entrypoints.doctor.consultation import consult
from entrypoints.doctor.examination import Examination, examine, put_right
from entrypoints.doctor.telling import document, lines, summary

__all__ = ["Examination", "consult", "document", "examine", "lines", "put_right", "summary"]
