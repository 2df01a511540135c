def test_keys_are_made_once_shown_and_passed_on(void):
    public = void("keys", "new").strip()
    assert len(public) == 40
    assert void("keys", "show").strip() == public
    void("keys", "new", code=2)
    assert "there is a key pair already" in void.said
    void("keys", "allow", public, "anna")
    assert (void.data / "keys" / "allowed" / "anna.pub").read_text().strip() == public


def test_a_key_that_begins_with_a_dash_is_no_option(void):
    void("keys", "allow", "-" + 39 * "x", "anna")
    assert (void.data / "keys" / "allowed" / "anna.pub").exists()


def test_what_is_no_key_is_refused(void):
    void("keys", "allow", "short", "anna", code=2)
    assert "it is no public key" in void.said


def test_keys_may_lie_elsewhere(void, tmp_path):
    public = void("keys", "new", "--keys", tmp_path / "mine").strip()
    assert void("keys", "show", "--keys", tmp_path / "mine").strip() == public
    void("keys", "show", code=2)
