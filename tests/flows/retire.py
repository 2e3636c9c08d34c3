"""Run the flow `retire_key` as a worker does, in a process of its own, and print how it ended."""

import json
import sys

from flows.options import RetireOptions
from flows.retire_key import retire_key

if __name__ == "__main__":
    state = retire_key(RetireOptions.model_validate_json(sys.argv[1]), return_state=True)
    run_id = str(state.state_details.flow_run_id)
    print(json.dumps({"name": state.name, "message": state.message, "run_id": run_id}))
