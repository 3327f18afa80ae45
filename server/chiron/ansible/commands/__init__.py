"""A shell line -> the module that does the same, by rule. Where a rule is not sure, there is no answer.

    line.py       a line -> its words; nothing where the shell would do more than run a program
    flags.py      a program's words -> its flags and what is left
    packages.py  builds.py  services.py  files.py  fetching.py  editing.py  people.py  system.py
    storage.py  databases.py  containers.py
                  one function a program: words -> `Meant`, or None
    piped.py      the few lines with a pipe that mean one thing
    meant.py      what a line means: a module, its options, and who runs it
    replace.py    line -> `Meant`: the rules together, checked against the modules installed here

A rule knows every flag that it lets pass. Flags it does not know, variables, globs, pipes, substitutions and
relative paths end it: the line is then for a model, or for nobody.
"""

from chiron.ansible.commands.meant import Meant
from chiron.ansible.commands.replace import NO_MODULE, meant_by

__all__ = ["NO_MODULE", "Meant", "meant_by"]
