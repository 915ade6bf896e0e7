"""Template tags (placeholder)."""

from django import template

register = template.Library()
