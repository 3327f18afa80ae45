"""An action written for tests; it does nothing."""


class ActionModule:
    def run(self):
        self.validate_argument_spec(argument_spec={}, required_together=[("a", "b")])
