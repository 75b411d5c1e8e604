"""The project file, budgets and the user's own configuration, parsed and checked once."""

from edgehone.config.loading import Config, load, load_budgets, load_recipes, restored, user_devices
from edgehone.config.sections import BudgetTable, DevicePlace
from edgehone.config.template import template

__all__ = [
    "BudgetTable",
    "Config",
    "DevicePlace",
    "load",
    "load_budgets",
    "load_recipes",
    "restored",
    "template",
    "user_devices",
]
