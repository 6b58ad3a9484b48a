"""What the product is about, pure and without I/O: two states of one shape, their difference, and a plan.

normalize        a document, or a payload → the canonical form that is compared
rule_identity    which desired rule is which live rule
diff             desired × live (× base) → changes, each with who made it
base, record     the third side: what file and live last agreed on, and the writes that are open
holds            which changes wait, and why
body             desired × live → what is sent
planning         all of it, and the limits → a Plan
verify           did a write do what was meant? Read again, compare again, expect nothing
agreement        does a saved plan do what it shows?
adoption         a live payload → the data of a file that asks for exactly that
fingerprint      is live still what it was?
"""
