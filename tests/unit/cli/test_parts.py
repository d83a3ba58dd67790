"""Single faults of an error, said so that a person knows what they are about."""

from cli.agreement import PageDisagreesError
from cli.problems.table import parts_of
from sealing.towncode.emission import EmissionError as TownEmissionError
from sealing.towncode.emission import Problem as TownProblem
from sealing.twoddoc.catalogue import identifiers
from sealing.twoddoc.emission import EmissionError, Problem
from storage.language import translator


def test_a_data_identifier_is_said_with_its_name():
    error = EmissionError([Problem("missing-mandatory", "20", "absent")])
    assert parts_of(error, translator("fr")) == f"20 ({identifiers()['20'].french}) manque"
    told = parts_of(PageDisagreesError(["22"]), translator("fr"))
    assert told == f"22 ({identifiers()['22'].french}) n'est pas sur la page"


def test_the_names_of_a_town_code_are_said_as_they_are():
    error = TownEmissionError([TownProblem("label-number", "20")])
    assert parts_of(error, translator("fr")).startswith("20 est un numéro")
