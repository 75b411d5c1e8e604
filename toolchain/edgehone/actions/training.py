"""What recipes are carried out with: data as the model takes them, a teacher that knows some."""

from dataclasses import replace
from typing import Any

from edgehone.actions.settings import Setting
from edgehone.data import DataSet, load
from edgehone.export.keras_outputs import predict
from edgehone.run.teacher_check import Finding, ValidationData, check_teacher


def data_of(
    source: str, seed: int, setting: Setting, model: Any, unlabelled: str | None = None
) -> DataSet:
    """Data of a source as a Keras model takes them; seed: draws the splits they lack, unless the
    setting says otherwise. unlabelled: where samples without labels come from, unless a file says
    it. Raises DataError when they do not fit it.
    """
    settings = setting.data_settings(seed).for_model(model)
    found = load(source, replace(settings, unlabelled=unlabelled or setting.unlabelled))
    setting.note(found.notes)
    return found


def teacher_finding(setting: Setting, data: DataSet, teacher: Any) -> Finding:
    """What a Keras teacher is worth beside a constant answer, on the validation split."""
    scale, offset = setting.scaling.scale, setting.scaling.offset
    validation = ValidationData(setting.task, data.validation, scale, offset)
    return check_teacher(validation, teacher, predict(teacher, data.validation.x))
