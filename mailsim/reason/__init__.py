"""How anything is decided: checks, choices and decisions that keep every loser. Generic; knows no mail."""
