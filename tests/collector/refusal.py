# SPDX-License-Identifier: Apache-2.0
"""The one way in which the collector says no."""


class Refusal(Exception):
    """An upload is not taken; nothing of it is stored."""

    def __init__(self, status, reason):
        super().__init__(reason)
        self.status = status
        self.reason = reason
