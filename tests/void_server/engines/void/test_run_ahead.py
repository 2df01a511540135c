import pytest
import torch

from bridge.errors import ServerError
from void_server.engines.void.run_ahead import RunAhead

GOOD, BAD = torch.zeros(2, 3), torch.tensor([0.0, float("inf")])


def test_numbers_pass():
    ahead = RunAhead(torch.device("cpu"), subject="pass 1", steps=3)
    for _ in range(3):
        ahead.started(GOOD)
    ahead.finish()


def test_the_first_bad_step_is_named_with_what_to_do():
    ahead = RunAhead(torch.device("cpu"), subject="pass 2", steps=3)
    ahead.started(GOOD)
    with pytest.raises(ServerError) as caught:
        ahead.started(BAD)
    assert str(caught.value).startswith(
        "pass 2: the model's result is not a number "
        "(expected finite latents, got NaN or Inf at step 2 of 3). The plate is kept"
    )
    assert "void weights verify" in caught.value.hint


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU to run ahead of")
def test_on_a_gpu_a_bad_step_is_found_at_most_two_steps_later():
    device = torch.device("cuda")
    ahead = RunAhead(device, subject="pass 1", steps=6)
    ahead.started(GOOD.to(device))
    ahead.started(BAD.to(device))
    ahead.started(GOOD.to(device))
    with pytest.raises(ServerError, match="step 2 of 6"):
        ahead.started(GOOD.to(device))
    late = RunAhead(device, subject="pass 1", steps=1)
    late.started(BAD.to(device))
    with pytest.raises(ServerError, match="step 1 of 1"):
        late.finish()
