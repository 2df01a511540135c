"""What a person looks at to judge a result: contact sheet and report page."""
