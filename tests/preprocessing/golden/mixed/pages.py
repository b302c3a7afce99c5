def render(value):
    return f"<b>{value}</b>"
