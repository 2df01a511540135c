import threading

from void_server.recent import Recent


def test_what_was_used_last_is_kept_within_the_limit():
    made = []

    def make(key):
        made.append(key)
        return f"frame {key}"

    recent = Recent(30)
    for key in (1, 2, 3, 1, 4, 1, 2):
        assert recent.get(key, lambda key=key: make(key), lambda _: 10) == f"frame {key}"
    assert made == [1, 2, 3, 4, 2]


def test_the_newest_is_kept_even_when_it_alone_is_too_large():
    made = []
    recent = Recent(5)
    for key in (1, 1, 2, 2, 1):
        recent.get(key, lambda key=key: made.append(key), lambda _: 100)
    assert made == [1, 2, 1]


def test_cleared_means_forgotten():
    made = []
    recent = Recent(100)
    recent.get(1, lambda: made.append(1), lambda _: 1)
    recent.clear()
    recent.get(1, lambda: made.append(1), lambda _: 1)
    assert made == [1, 1]


def test_threads_may_ask_at_once():
    recent = Recent(50)
    wrong = []

    def ask(start):
        for i in range(400):
            key = (start + i) % 9
            if recent.get(key, lambda key=key: key, lambda _: 10) != key:
                wrong.append(key)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert recent._bytes == 10 * len(recent._kept) <= 50
